import KDCDiagnostics
import KDCProgram
import KDCTargets

/// One way to compute a kind of step on a kind of target: a file of its own, registered once in `Families.all`.
///
/// Cycles are of one core: those of Cortex-A72 for NEON and portable C, of Cortex-A76 for dot products, of a core with two
/// 256-bit multipliers for x86-64. `Target.costs` says how another core differs.
package protocol KernelFamily<Work>: Sendable {
  associatedtype Work: Step
  /// What a kernel for one step is to be: all that its estimate and its C need, found out once.
  associatedtype Plan

  /// What it is, tile and instruction set: "conv_runs_4x4_neon".
  var name: String { get }
  /// Throws why the family does not take the step on the target (for `explain`).
  func plan(_ step: Work, in program: Program, on target: Target) throws(Refusal) -> Plan
  /// On the reference core (decision 0034).
  func cycles(_ plan: Plan) -> Double
  func emit(_ plan: Plan) -> KernelCode
}

/// Why a family does not take a step.
package struct Refusal: Error, Hashable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }
}

/// A step that a family takes.
package struct KernelOffer {
  package let family: any KernelFamily
  /// Estimated, on one of the target's cores.
  package let cycles: Double
  private let emit: () -> KernelCode

  fileprivate init<Family: KernelFamily>(_ family: Family, _ plan: Family.Plan, on target: Target) {
    self.family = family
    cycles = family.cycles(plan) * target.cost(of: family.name)
    emit = { family.emit(plan) }
  }

  package var code: KernelCode { emit() }
}

extension KernelFamily {
  /// The kind of step it is for (`Step.kind`).
  package var stepKind: String { Work.kind }

  package func offer(_ step: any Step, in program: Program, on target: Target) throws(Refusal) -> KernelOffer {
    guard let step = step as? Work else { throw Refusal("it is for steps of kind \(stepKind)") }
    return KernelOffer(self, try plan(step, in: program, on: target), on: target)
  }

  /// nil where the family takes the step.
  package func refusal(of step: any Step, in program: Program, on target: Target) -> String? {
    do throws(Refusal) {
      _ = try offer(step, in: program, on: target)
      return nil
    } catch {
      return error.reason
    }
  }
}

extension Target {
  /// Refuses what the target's cores do not have.
  func require(_ feature: Feature) throws(Refusal) {
    guard has(feature) else { throw Refusal("the target has no \(feature.title)") }
  }
}

/// A family whose kernels can be cut to smaller workspaces.
package protocol WorkspaceFamily: KernelFamily {
  /// Bytes that a call's workspace should not exceed; it does where it cannot be cut to that.
  var workspace: Int { get set }
}

extension WorkspaceFamily {
  package func within(workspace bytes: Int) -> Self {
    var family = self
    family.workspace = bytes
    return family
  }
}
