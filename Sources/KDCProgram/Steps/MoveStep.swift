/// Strided copy of elements of any type: transpose, slice, one part of a concatenation, expand, depth-to-space,
/// nearest resize by whole factors. Operands of `walk`: [input, output]; offsets in elements.
///
/// A step that writes only a part of its output names the whole buffer: earlier steps wrote the rest.
package struct MoveStep: Step {
  package static let kind = "move"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  /// Bytes of an element: 1, 2, 4 or 8.
  package var elementBytes: Int
  package var inputOffset: Int
  package var outputOffset: Int
  package var walk: Walk

  package init(
    name: String, input: BufferID, output: BufferID, elementBytes: Int, inputOffset: Int, outputOffset: Int, walk: Walk
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.elementBytes = elementBytes
    self.inputOffset = inputOffset
    self.outputOffset = outputOffset
    self.walk = walk
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
