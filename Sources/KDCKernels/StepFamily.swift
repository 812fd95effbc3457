import KDCProgram
import KDCTargets

/// A family whose plan is the step itself, from three functions.
struct StepFamily<Work: Step>: KernelFamily {
  let name: String
  /// Instruction set that the target must have, nil for portable C.
  private let feature: Feature?
  private let refuses: @Sendable (Work) -> String?
  private let estimate: @Sendable (Work) -> Double
  private let write: @Sendable (Work) -> KernelCode

  init(
    name: String, feature: Feature? = nil, refuses: @escaping @Sendable (Work) -> String? = { _ in nil },
    cycles: @escaping @Sendable (Work) -> Double, emit: @escaping @Sendable (Work) -> KernelCode
  ) {
    (self.name, self.feature) = (name, feature)
    (self.refuses, estimate, write) = (refuses, cycles, emit)
  }

  func plan(_ step: Work, in program: Program, on target: Target) throws(Refusal) -> Work {
    if let feature { try target.require(feature) }
    if let reason = refuses(step) { throw Refusal(reason) }
    return step
  }

  func cycles(_ step: Work) -> Double { estimate(step) }
  func emit(_ step: Work) -> KernelCode { write(step) }
}
