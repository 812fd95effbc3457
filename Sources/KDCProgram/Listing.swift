import KDCDiagnostics
import KDCTensor

extension Program {
  /// The program for people, a line each for ports, constants and steps:
  /// "7: convolution 'features.3' [1,14,14,64] → [1,14,14,96] int8, 3×3 s1 p1 zp -3, shift 9 zp 4".
  package var listing: String {
    var lines = ["program '\(name)': \(steps.count) steps, \(buffers.count) buffers, \(constants.count) constants"]
    lines += inputs.map { "input '\($0.name)' \(TensorType($0.dataType, $0.shape)) in b\($0.buffer.index)" }
    lines += steps.indices.map { "\($0): \(line(of: $0))" }
    lines += outputs.map { "output '\($0.name)' \(TensorType($0.dataType, $0.shape)) in b\($0.buffer.index)" }
    return lines.map(\.printable).joined(separator: "\n") + "\n"
  }

  /// One step without its number.
  package func line(of index: Int) -> String {
    let step = steps[index]
    let reads = step.reads.map(describe).joined(separator: " ")
    let writes = step.writes.map(describe).joined(separator: " ")
    let detail =
      (step.detail.isEmpty ? "" : ", \(step.detail)") + (step.constants.contains(where: isInt4) ? ", int4" : "")
    return "\(type(of: step).kind) '\(step.name)' \(reads.isEmpty ? "" : reads + " ")→ \(writes)\(detail)"
  }

  private func describe(_ id: BufferID) -> String {
    guard buffers.indices.contains(id.index) else { return "b\(id.index)?" }
    let buffer = buffers[id.index]
    return "b\(id.index) \(buffer.dataType.rawValue)\(buffer.shape)"
  }
}
