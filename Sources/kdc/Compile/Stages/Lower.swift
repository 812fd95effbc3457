import KDCCodegen
import KDCKernels
import KDCProgram
import KDCTargets

extension Stage {
  /// From the graph to steps with exact arithmetic.
  static let lower = Stage("lower") { compilation, _ in
    compilation.program = try KDCCodegen.lower(compilation.quantized)
    let program = compilation.program
    return "\(program.steps.count) steps, \(program.constants.count) constants"
  }

  /// A kernel for each step on each target.
  static let selectKernels = Stage("select kernels") { compilation, progress in
    let program = compilation.program
    compilation.selections = try compilation.request.targets.map {
      try KernelSelection(for: program, on: $0, memory: compilation.request.budget.memory)
    }
    for selection in compilation.selections {
      for (step, choice) in zip(program.steps, selection.choices) {
        progress.detail("\(selection.target.name) \(step.name): \(choice.reason)")
      }
      for chain in selection.chains {
        let name = program.steps[chain.steps.lowerBound].name
        progress.detail("\(selection.target.name) \(name): \(chain.note(for: chain.steps.lowerBound))")
      }
    }
    let families = Set(compilation.selections.flatMap { $0.choices.map(\.family) })
    return "\(families.count) kernel families"
  }

  /// A place in one arena for every buffer.
  static let planMemory = Stage("plan memory") { compilation, progress in
    let program = compilation.program
    compilation.plans = compilation.selections.map { MemoryPlan(program, for: $0) }
    let least = MemoryPlan(program).lowerBound
    for (selection, plan) in zip(compilation.selections, compilation.plans) {
      progress.detail(
        "\(selection.target.name): arena \(plan.arenaBytes) bytes; its buffers alone need \(least), with the kernels' "
          + "workspaces \(plan.lowerBound)")
    }
    return "arena " + ReportTable.bytes(compilation.plans.map(\.arenaBytes).max() ?? 0)
  }

  /// C for every kind of core.
  static let emit = Stage("emit") { compilation, _ in
    let program = compilation.program
    for architecture in compilation.request.architectures {
      let inputs = zip(compilation.selections, compilation.plans)
        .filter { $0.0.target.architecture == architecture }
        .map { Emission.Input(selection: $0.0, plan: $0.1) }
      let variants = try Emission.variants(of: program, inputs)
      compilation.variants.append((architecture, variants, Emission.model(of: program, variants: variants)))
    }
    let bytes = compilation.variants.flatMap { $0.variants.map { $0.text.utf8.count } }.reduce(0, +)
    return "\(ReportTable.bytes(bytes)) of C"
  }
}
