import KDCDiagnostics
import KDCTensor

extension Program {
  /// Checks that ids are in range and that every step stays inside its buffers and constants, so that running it
  /// cannot fault: programs are also read from files. Throws `.invalidProgram` with the first faults as notes.
  package func validate() throws(Diagnostic) {
    var faults: [String] = []
    for (index, buffer) in buffers.enumerated() where buffer.shape.checkedCount(limit: 1 << 34) == nil {
      faults.append("buffer \(index): impossible shape \(buffer.shape)")
    }
    for (index, constant) in constants.enumerated()
    where constant.tensor.shape.checkedCount(limit: 1 << 34) != constant.tensor.elements.count {
      faults.append("constant \(index): shape \(constant.tensor.shape) does not fit its data")
    }
    for (index, constant) in constants.enumerated() where constant.isInt4 {
      guard case .int8(let values) = constant.tensor.elements, Int4.fits(values) else {
        faults.append("constant \(index): not int8 values of 4 bits")
        continue
      }
    }
    guard faults.isEmpty else { throw fault(faults) }
    for port in inputs + outputs {
      guard let count = port.shape.checkedCount(), buffers.indices.contains(port.buffer.index) else {
        faults.append("port '\(port.name)': no such buffer or impossible shape")
        continue
      }
      let buffer = buffers[port.buffer.index]
      if buffer.dataType != port.dataType || buffer.shape.count != count {
        faults.append("port '\(port.name)': \(port.dataType.rawValue)\(port.shape) is not what its buffer holds")
      }
    }
    for (index, step) in steps.enumerated() {
      let prefix = "step \(index) (\(type(of: step).kind) '\(step.name)')"
      if !(step.reads + step.writes).allSatisfy({ buffers.indices.contains($0.index) })
        || !step.constants.allSatisfy({ constants.indices.contains($0.index) })
      {
        faults.append("\(prefix): a buffer or constant that does not exist")
        continue
      }
      var check = StepCheck(self)
      step.check(&check)
      faults += check.faults.map { "\(prefix): \($0)" }
    }
    if !faults.isEmpty { throw fault(faults) }
  }

  private func fault(_ faults: [String]) -> Diagnostic {
    Diagnostic(
      .invalidProgram, "program '\(name)' is not valid (\(faults.count) faults)", notes: Array(faults.prefix(10)),
      hint: "the bundle is damaged or was made by another version of kdc")
  }
}
