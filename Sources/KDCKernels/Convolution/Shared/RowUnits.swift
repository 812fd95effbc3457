import KDCProgram

/// How a kernel works as a link of a chain: its units are bands of whole output rows.
package struct RowUnits: Hashable, Sendable {
  /// Output rows of a unit; the last unit has what remains.
  package var height: Int
  /// Where the input is a ring of rows instead of an image.
  package var ring: RowRing?

  package init(height: Int, ring: RowRing? = nil) {
    self.height = height
    self.ring = ring
  }
}

/// The few rows of a padded image that a kernel's next output row needs: row r, counted from the first one of the
/// padding, lies in slot r mod `rows`. Rows begin with the padding on the left.
package struct RowRing: Hashable, Sendable {
  package var rows: Int
  /// From one slot to the next.
  package var slotBytes: Int

  package init(rows: Int, slotBytes: Int) {
    self.rows = rows
    self.slotBytes = slotBytes
  }
}

/// A family of convolutions whose kernels can be links of a chain. With `rows` estimates, refusals and code are those of
/// such a kernel.
package protocol RowFamily: KernelFamily where Work == ConvolutionStep {
  var rows: RowUnits? { get set }
  /// Whether the input may be a ring.
  var readsRings: Bool { get }
}

extension RowFamily {
  package var readsRings: Bool { false }

  /// The same family as a link.
  package func with(_ rows: RowUnits) -> Self {
    var link = self
    link.rows = rows
    return link
  }
}
