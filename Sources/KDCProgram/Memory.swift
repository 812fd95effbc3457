import KDCTensor

/// The state of a running program: every buffer and constant as raw bytes.
package struct Memory {
  package var buffers: [[UInt8]]
  package let constants: [[UInt8]]

  package init(buffers: [[UInt8]], constants: [[UInt8]]) {
    self.buffers = buffers
    self.constants = constants
  }
}
