/// The container inside a bundle, little-endian.
///
/// Header, 32 bytes: "KDCBNDL1", u32 version, u32 number of entries, u64 bytes in all, u32 CRC of the entry table, u32 0.
/// Then 48 bytes for each entry: u32 kind, u32 index among those of the kind, u32 method, u32 CRC of the raw bytes,
/// u64 offset from the container's start (a multiple of 16), u64 stored bytes, u64 raw bytes, u64 0. Then the streams.
/// CRCs are those of zlib.
package enum ContainerFormat {
  package static let magic = Array("KDCBNDL1".utf8)
  package static let version = 1
  package static let headerBytes = 32
  package static let entryBytes = 48
  package static let alignment = 16
  package static let maximumEntries = 1 << 20

  package enum Kind: Int, Sendable, CaseIterable { case manifest = 1, program, constant, golden }
  package enum Method: Int, Sendable { case stored, deflated }
}
