import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import Testing

@Suite struct FunctionTests {
  private func graph(_ data: Data) throws -> Graph { try ONNXImporter.load(bytes: data, file: "m.onnx") }

  private func faults(_ data: Data) -> [Diagnostic] {
    do {
      _ = try graph(data)
      return []
    } catch { return (error as? DiagnosticList)?.all ?? [] }
  }

  @Test("A call becomes the function's nodes, each call under names of its own, with the call's attributes or defaults")
  func calls() throws {
    let leaky = Proto.function(
      "Leaky", ["a"], ["b"],
      nodes: [
        Proto.node("LeakyRelu", ["a"], ["t"], attributes: [Proto.reference("alpha", to: "slope")]),
        Proto.node("Neg", ["t"], ["b"]),
      ], defaults: [Proto.float("slope", 0.5)])
    let model = Proto.model(
      [
        Proto.node("Leaky", ["x"], ["t"], domain: "own", attributes: [Proto.float("slope", 0.25)]),
        Proto.node("Leaky", ["t"], ["y"], domain: "own"),
      ], functions: [leaky])
    let nodes = try graph(model).nodes.filter { $0.opType != "Identity" }
    #expect(nodes.map(\.opType) == ["LeakyRelu", "Neg", "LeakyRelu", "Neg"])
    let slopes = nodes.map { node -> Float? in
      guard case .float(let alpha)? = node.attributes["alpha"] else { return nil }
      return alpha
    }
    #expect(slopes == [0.25, nil, 0.5, nil])
    #expect(Set(nodes.flatMap(\.outputs)).count == 4 && Set(nodes.map(\.name)).count == 4)
  }

  @Test("An attribute that neither the call nor the function gives is left out")
  func missingAttribute() throws {
    let leaky = Proto.function(
      "Leaky", ["a"], ["b"],
      nodes: [Proto.node("LeakyRelu", ["a"], ["b"], attributes: [Proto.reference("alpha", to: "slope")])],
      attributes: ["slope"])
    let nodes = try graph(Proto.model([Proto.node("Leaky", ["x"], ["y"], domain: "own")], functions: [leaky])).nodes
    #expect(nodes.first?.attributes.isEmpty == true)
  }

  @Test("Functions call functions, in their own operator set, and optional inputs may be absent")
  func nested() throws {
    let inner = Proto.function(
      "Inner", ["a", "low"], ["b"], nodes: [Proto.node("Clip", ["a", "low"], ["b"])], opset: 12)
    let outer = Proto.function(
      "Outer", ["a"], ["b"], nodes: [Proto.node("Inner", ["a"], ["t"], domain: "own"), Proto.node("Abs", ["t"], ["b"])])
    let nodes = try graph(
      Proto.model([Proto.node("Outer", ["x"], ["y"], domain: "own")], functions: [inner, outer], opset: 21)
    ).nodes.filter { $0.opType != "Identity" }
    #expect(nodes.map(\.opType) == ["Clip", "Abs"])
    #expect(nodes.map(\.opset) == [12, 17])
    #expect(nodes.first?.input(1) == nil)
  }

  @Test("Of functions of one name, the overload says which is called")
  func overloads() throws {
    let functions = ["Neg", "Abs"].map {
      Proto.function("F", ["a"], ["b"], nodes: [Proto.node($0, ["a"], ["b"])], overload: $0)
    }
    let model = Proto.model([Proto.node("F", ["x"], ["y"], domain: "own", overload: "Abs")], functions: functions)
    #expect(try graph(model).nodes.first?.opType == "Abs")
  }

  @Test("A function that calls itself, and functions that double without end, are KDC2027")
  func unbounded() {
    func function(_ name: String, calling other: String, times: Int) -> [UInt8] {
      Proto.function(
        name, ["a"], ["b"],
        nodes: (0..<times).map {
          Proto.node(other, [$0 == 0 ? "a" : "t\($0)"], [$0 == times - 1 ? "b" : "t\($0 + 1)"], domain: "own")
        })
    }
    let call = [Proto.node("F0", ["x"], ["y"], domain: "own")]
    #expect(
      faults(Proto.model(call, functions: [function("F0", calling: "F0", times: 1)])).map(\.id) == [.tooManyNodes])
    let doubling = (0..<40).map { function("F\($0)", calling: "F\($0 + 1)", times: 2) }
    let last = Proto.function("F40", ["a"], ["b"], nodes: [Proto.node("Neg", ["a"], ["b"])])
    #expect(faults(Proto.model(call, functions: doubling + [last])).map(\.id) == [.tooManyNodes])
  }

  @Test("A call with more operands than the function has is KDC2022")
  func operands() {
    let function = Proto.function("F", ["a"], ["b"], nodes: [Proto.node("Neg", ["a"], ["b"])])
    let model = Proto.model([Proto.node("F", ["x", "x"], ["y"], domain: "own")], functions: [function])
    #expect(faults(model).map(\.id) == [.operandCount])
  }
}
