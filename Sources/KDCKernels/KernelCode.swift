/// What a family makes of one step: the body of a C function, and what the step needs around it.
///
/// The function has the signature `static void NAME(void *const *b, const void *const *c, uint32_t begin, uint32_t end)`:
/// `b` points to the step's `reads`, then `writes`, then the workspace if there is one; `c` to its `constants` in their
/// packings. It does the units `begin ..< end` of the step's work; units may run on different threads in any order, so a
/// unit writes only what is its own. Calls that may run at the same time have workspaces of their own.
package struct KernelCode: Sendable {
  /// Numbers that the statements name.
  package var numbers: [KernelNumber]
  /// C statements between the braces, behind the numbers, which may name what `CHelpers` has. Equal ones share a function,
  /// as far as the numbers let them.
  package var body: String
  /// Units of work that can be split between threads; 1 where it cannot.
  package var units: Int
  /// Of one call.
  package var workspaceBytes: Int
  /// How each of the step's constants is laid out in memory, in the order of `Step.constants`.
  package var packings: [Packing]
  /// How many times all units together read the constants.
  package var passes: Int

  package init(
    numbers: [KernelNumber] = [], body: String, units: Int = 1, workspaceBytes: Int = 0, packings: [Packing] = [],
    passes: Int = 1
  ) {
    self.numbers = numbers
    self.body = body
    self.units = units
    self.workspaceBytes = workspaceBytes
    self.packings = packings
    self.passes = passes
  }
}

extension KernelCode {
  /// All that stands between the braces of a function of its own.
  package var text: String { KernelNumber.enumeration(numbers) + body }

  /// The share of the units that falls on the busiest of `threads` threads, split as the runtime does.
  package func largestShare(_ threads: Int) -> Double { Self.largestShare(of: units, threads) }

  package static func largestShare(of units: Int, _ threads: Int) -> Double {
    let parts = max(1, min(threads, units))
    let most = (0..<parts).map { units * ($0 + 1) / parts - units * $0 / parts }.max() ?? units
    return Double(most) / Double(max(1, units))
  }
}
