/// The container inside a bundle, little-endian.
///
/// Header, 32 bytes: "KDCBNDL1", u32 version, u32 number of entries, u64 bytes in all, u32 CRC of the entry table, u32 0.
/// Then 24 bytes for each entry: u16 kind, u16 method, u32 index among those of the kind, u32 CRC of the raw bytes,
/// u32 offset from the container's start, u32 stored bytes, u32 raw bytes. Then the streams, and zeros up to a multiple
/// of 64. CRCs are those of zlib.
package enum ContainerFormat {
  package static let magic = Array("KDCBNDL1".utf8)
  package static let version = 3
  package static let headerBytes = 32
  package static let entryBytes = 24
  /// Of the whole: what follows it in a file then has the same place whatever it holds.
  package static let alignment = 64
  package static let maximumEntries = 1 << 20

  package enum Kind: Int, Sendable, CaseIterable { case manifest = 1, program, constant, golden }
  package enum Method: Int, Sendable { case stored, deflated }
}
