import Foundation
import KDCBundle
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCTraining

extension Stage {
  /// Reads models and data, and checks that they belong together.
  static let importModels = Stage("import") { compilation, _ in
    let request = compilation.request
    let student = try ModelFile.load(request.student, inputShapes: request.inputShapes)
    compilation.student = student
    compilation.studentBytes = fileSize(request.student)
    compilation.report.model = student.name
    compilation.inputHashes["student"] = try hash(request.student)
    if let path = request.teacher {
      let graph = try ModelFile.load(path, inputShapes: request.inputShapes)
      compilation.teacher = try Teacher(graph, for: student, bytes: fileSize(path))
      compilation.inputHashes["teacher"] = try hash(path)
    }
    let inputs = student.inputs.filter { student.initializers[$0.name] == nil }
    if let path = request.data {
      compilation.calibration = try DataSet(contentsOf: path, inputs: inputs, outputs: student.outputs)
    }
    if let path = request.evaluation {
      compilation.evaluation = try DataSet(contentsOf: path, inputs: inputs, outputs: student.outputs)
    } else {
      compilation.evaluation = compilation.calibration
    }
    let samples = compilation.calibration.map { ", \($0.count) calibration samples" } ?? ""
    return "\(student.nodes.count) nodes, opset \(student.opset)\(samples)"
  }

  private static func fileSize(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  private static func hash(_ path: String) throws -> String { Digest.hexadecimal(of: try Files.read(path)) }
}

extension Teacher {
  /// Matches inputs and outputs by name, else by position where types are equal. Throws a `DiagnosticList` with what
  /// does not fit.
  init(_ graph: Graph, for student: Graph, bytes: Int) throws {
    var faults: [Diagnostic] = []
    func match(_ what: String, _ names: [String], _ others: [String]) -> [String: String] {
      var result: [String: String] = [:]
      for (index, name) in names.enumerated() {
        let other = others.contains(name) ? name : names.count == others.count ? others[index] : nil
        guard let other, let type = student.types[name], type == graph.types[other] else {
          let found = others.map { "'\($0)' \(graph.types[$0].map(\.description) ?? "")" }.joined(separator: ", ")
          faults.append(
            Diagnostic(
              .teacherMismatch,
              "the teacher has no \(what) like the student's '\(name)' \(student.types[name].map(\.description) ?? "")",
              at: Place(file: graph.file), notes: ["the teacher's \(what)s: \(found)"],
              hint: "teacher and student must take the same inputs and give the same outputs"))
          continue
        }
        result[name] = other
      }
      return result
    }
    func inputs(_ graph: Graph) -> [String] { graph.inputs.map(\.name).filter { graph.initializers[$0] == nil } }
    inputNames = match("input", inputs(student), inputs(graph))
    outputNames = match("output", student.outputs, graph.outputs)
    self.graph = graph
    self.bytes = bytes
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }
}
