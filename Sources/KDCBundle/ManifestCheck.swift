import KDCDiagnostics
import KDCProgram

extension Bundle {
  /// In what the bundle does not hold what its manifest states. `program` is the bundle's own.
  package func manifestFaults(_ program: Program) throws(Diagnostic) -> [String] {
    var faults: [String] = []
    func compare(_ what: String, _ stated: String?, _ found: String) {
      if stated != found { faults.append("\(what): stated is \(stated ?? "nothing"), found is \(found)") }
    }
    guard let serial = container.entry(.program) else { throw ContainerReader.damaged("it has no program") }
    compare(
      "SHA-256 of the program", manifest.hashes["program"], Digest.hexadecimal(of: try container.contents(of: serial)))
    var weights = Digest()
    for constant in program.constants { weights.update(constant.tensor.littleEndianBytes) }
    compare("SHA-256 of the weights", manifest.hashes["weights"], weights.hexadecimal())
    let ports = { (ports: [Port]) in ports.map { Manifest.Port(name: $0.name, type: $0.dataType, shape: $0.shape.dims) }
    }
    if manifest.inputs != ports(program.inputs) { faults.append("its inputs are not those of the program") }
    // What an output means is known to the manifest alone.
    let outputs = manifest.outputs.map { Manifest.Port(name: $0.name, type: $0.type, shape: $0.shape) }
    if outputs != ports(program.outputs) { faults.append("its outputs are not those of the program") }
    compare("architecture", manifest.architecture, architecture ?? "another")
    compare("format version", "\(manifest.formatVersion)", "\(ContainerFormat.version)")
    compare("bytes of code", "\(manifest.codeBytes)", "\(byteCount - container.byteCount)")
    return faults
  }
}

extension Golden {
  /// Why the vectors do not say what the program's outputs must be; nil where they do.
  package func fault(for program: Program) -> String? {
    for (index, vector) in vectors.enumerated() {
      for port in program.outputs where vector.crc[port.name] == nil {
        return "vector \(index) says nothing of output '\(port.name)'"
      }
    }
    for port in program.inputs {
      guard let range = ranges[port.name] else { return "there is no range for input '\(port.name)'" }
      guard range.count == 2, range.allSatisfy(\.isFinite) else {
        return "the range of input '\(port.name)' is not two finite numbers"
      }
    }
    return nil
  }
}
