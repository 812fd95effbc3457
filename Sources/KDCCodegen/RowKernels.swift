import KDCKernels
import KDCProgram
import KDCTargets

/// The kernels of a program's steps as links of chains, each found once.
final class RowKernels {
  let program: Program
  private let target: Target
  private let choices: [KernelChoice]
  private let families: [(any RowFamily)?]
  private struct Key: Hashable {
    var step: Int
    var rows: RowUnits
  }
  private var known: [Key: KernelChoice?] = [:]

  init(_ program: Program, _ selection: KernelSelection, families: [any KernelFamily]) {
    self.program = program
    target = selection.target
    choices = selection.choices
    self.families = choices.map { choice in families.first { $0.name == choice.family } as? any RowFamily }
  }

  /// The step's kernel by rows; nil where its family does not work so.
  func choice(of step: Int, _ rows: RowUnits) -> KernelChoice? {
    let key = Key(step: step, rows: rows)
    if let choice = known[key] { return choice }
    var choice: KernelChoice?
    if let family = families[step]?.with(rows), rows.ring == nil || family.readsRings,
      let offer = try? family.offer(program.steps[step], in: program, on: target)
    {
      choice = choices[step]
      choice?.cycles = offer.cycles
      choice?.code = offer.code
    }
    known[key] = .some(choice)
    return choice
  }
}
