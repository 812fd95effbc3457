import KDCCodegen
import KDCKernels
import KDCProgram
import KDCTargets

extension Pipeline {
  /// From the graph to steps with exact arithmetic.
  static func lower(_ model: QuantizedModel, _ log: inout StageLog) throws -> Program {
    let program = try KDCCodegen.lower(model.graph)
    log.did("\(program.steps.count) steps, \(program.constants.count) constants")
    return program
  }

  /// A kernel for each step on each target.
  static func selectKernels(
    _ program: Program, _ request: CompileRequest, _ log: inout StageLog
  ) throws -> [KernelSelection] {
    let selections = try request.targets.map {
      try KernelSelection(for: program, on: $0, memory: request.budget.arenaBytes)
    }
    for selection in selections {
      for (step, choice) in zip(program.steps, selection.choices) {
        log.progress.detail("\(selection.target.name) \(step.name): \(choice.reason)")
      }
      for chain in selection.chains {
        let name = program.steps[chain.steps.lowerBound].name
        log.progress.detail("\(selection.target.name) \(name): \(chain.note(for: chain.steps.lowerBound))")
      }
    }
    let families = Set(selections.flatMap { $0.choices.map(\.family) })
    log.did("\(families.count) kernel families")
    return selections
  }

  /// A place in one arena for every buffer.
  static func planMemory(_ program: Program, _ selections: [KernelSelection], _ log: inout StageLog) -> Lowered {
    let lowered = Lowered(program, selections)
    let least = MemoryPlan(program).lowerBound
    for (selection, plan) in zip(selections, lowered.plans) {
      log.progress.detail(
        "\(selection.target.name): arena \(plan.arenaBytes) bytes; its buffers alone need \(least), with the kernels' "
          + "workspaces \(plan.lowerBound)")
    }
    log.did("arena " + Figure.bytes(lowered.arenaBytes))
    return lowered
  }

  /// C for every kind of core.
  static func emit(
    _ lowered: Lowered, for architectures: [Target.Architecture], _ log: inout StageLog
  ) throws -> [GeneratedCode] {
    let sources = try architectures.map { try lowered.code(for: $0) }
    let bytes = sources.flatMap { $0.variants.map { $0.text.utf8.count } }.reduce(0, +)
    log.did("\(Figure.bytes(bytes)) of C")
    return sources
  }
}
