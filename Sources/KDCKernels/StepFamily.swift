import KDCDiagnostics
import KDCProgram
import KDCTargets

/// A family for one kind of step, from three functions.
struct StepFamily<Kind: Step>: KernelFamily {
  let name: String
  /// Instruction set that the target must have, nil for portable C.
  var feature: Feature?
  var refuses: @Sendable (Kind, Program) -> String? = { _, _ in nil }
  let cycles: @Sendable (Kind, Program, Target) -> Double
  let emit: @Sendable (Kind, Program, Target) throws -> KernelCode

  var stepKind: String? { Kind.kind }

  func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    guard let step = step as? Kind else { return "another kind of step" }
    if let feature, !target.has(feature) { return "the target has no \(feature.title)" }
    return refuses(step, program)
  }

  func cycles(of step: any Step, in program: Program, on target: Target) -> Double {
    (step as? Kind).map { cycles($0, program, target) } ?? .infinity
  }

  func emit(_ step: any Step, in program: Program, on target: Target) throws -> KernelCode {
    guard let step = step as? Kind else { throw InternalError("\(name) was given a \(type(of: step).kind)") }
    return try emit(step, program, target)
  }
}
