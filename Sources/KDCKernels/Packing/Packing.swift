/// How a kernel wants a constant laid out, and the sizes that say it all: the fields of `kdc_constant`. The runtime makes
/// it at load from the logical order.
package struct Packing: Hashable, Sendable {
  package let layout: PackingLayout
  package var rows = 0, runs = 0, length = 0, nr = 0, kr = 0

  /// The bytes that a kernel sees of a constant whose elements in logical order are `bytes`: rows · runs · length of them,
  /// unless it is plain.
  package func pack(_ bytes: [UInt8]) -> [UInt8] { layout.pack(self, bytes) }

  /// Bytes of the packed form of a constant that has `byteCount` bytes in logical order.
  package func packedBytes(of byteCount: Int) -> Int { layout.packedBytes(self, byteCount) }
}

/// One layout: a file in this folder and a function of the runtime's pack.c, which does the same in C.
package struct PackingLayout: Sendable {
  /// Its name and number in kdc_model.h.
  package let name: String
  package let number: Int
  let packedBytes: @Sendable (Packing, _ byteCount: Int) -> Int
  let pack: @Sendable (Packing, _ bytes: [UInt8]) -> [UInt8]

  package static let all: [PackingLayout] = [
    plain, panels, widePanels, halfBytePanels, offsetPanels, pairedPanels, winograd4, pairedColumns,
    floatPanels, floatWinograd,
  ]

  static let plain = PackingLayout(name: "KDC_PLAIN", number: 0, packedBytes: { $1 }, pack: { $1 })
}

extension PackingLayout: Hashable {
  package static func == (a: Self, b: Self) -> Bool { a.number == b.number }
  package func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

extension Packing {
  /// As stored.
  package static let plain = Packing(layout: .plain)
}
