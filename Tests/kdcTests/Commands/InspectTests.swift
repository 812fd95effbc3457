import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import KDCTraining
import Testing

/// `kdc inspect` says what `kdc compile` does.
@Suite(
  "kdc inspect", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct InspectTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func graph(_ inputs: [(String, TensorType)], _ constants: [String: Tensor] = [:]) -> Graph {
    var graph = Graph(
      name: "g", opset: 19, inputs: inputs.map { ValueInfo(name: $0.0, type: $0.1) }, outputs: [], nodes: [])
    for (name, value) in constants { graph.initializers[name] = value }
    return graph
  }

  /// The operators that had a definition but no form on the device, in variations of axis, rank, type and constants.
  private func everyChoice() -> Graph {
    func ints(_ values: Int64...) -> Tensor { Tensor([values.count], values) }
    var graph = graph(
      [
        ("x", TensorType(.float32, [1, 4, 6])), ("z", TensorType(.float32, [4, 1])),
        ("ids", TensorType(.int64, [1, 4, 6])), ("small", TensorType(.int32, [6])),
        ("flags", TensorType(.bool, [4, 6])), ("bytes", TensorType(.uint8, [1, 4, 6])),
      ],
      [
        "zero": Tensor([], [Float(0)]), "limit": Tensor([], [Float(0.7)]), "two": Tensor([], [Int64(2)]),
        "three": Tensor([], .uint8([3])), "mask": Tensor([6], [true, false, true, true, false, false]),
        "low": Tensor([], [Float(-1e9)]), "last": ints(2), "k": Tensor([], [Int64(-1)]),
        "depth": Tensor([], [Int64(5)]),
        "values": Tensor([2], [Float(-1), 1]), "pads": ints(0, 2, 1, 0, 0, 3), "crop": ints(0, -1, 2, 0, 1, -3),
        "picks": Tensor([1, 4, 2], [0, -1, 5, 2, -6, 1, 3, 3] as [Int64]), "value": Tensor([], [Float(0.5)]),
      ])
    func node(
      _ opType: String, _ inputs: [String], _ type: DataType = .float32, _ attributes: [String: Attribute] = [:]
    ) {
      let output = "y\(graph.nodes.count)"
      graph.nodes.append(
        Node(
          name: "n\(graph.nodes.count)", opType: opType, opset: 19, inputs: inputs, outputs: [output],
          attributes: attributes))
      graph.outputs.append(output)
    }
    for axis in [0, 1, 2] {
      node("ArgMax", ["x"], .int64, ["axis": .int(Int64(axis)), "keepdims": .int(Int64(axis % 2))])
    }
    node("ArgMin", ["bytes"], .int64, ["axis": .int(-1), "select_last_index": .int(1)])
    for (name, other) in [("Greater", "zero"), ("Less", "z"), ("GreaterOrEqual", "z"), ("LessOrEqual", "zero")] {
      node(name, ["x", other], .bool)
      node(name, [other, "x"], .bool)
    }
    node("Equal", ["ids", "two"], .bool)
    node("Where", ["flags", "x", "low"])
    node("Where", ["mask", "low", "x"])
    node("Where", ["flags", "ids", "two"], .int64)
    node("And", ["flags", "mask"], .bool)
    node("Xor", ["flags", "mask"], .bool)
    node("Not", ["flags"], .bool)
    node("CumSum", ["x", "last"], .float32, ["exclusive": .int(1), "reverse": .int(1)])
    node("CumSum", ["ids", "last"], .int64)
    node("Mod", ["x", "limit"], .float32, ["fmod": .int(1)])
    node("Mod", ["bytes", "three"], .uint8)
    node("Trilu", ["x", "k"], .float32, ["upper": .int(0)])
    node("GatherElements", ["x", "picks"], .float32, ["axis": .int(2)])
    node("OneHot", ["small", "depth", "values"], .float32, ["axis": .int(0)])
    for mode in ["constant", "reflect", "edge", "wrap"] {
      node("Pad", ["x", "pads"], .float32, ["mode": .string(mode)])
    }
    node("Pad", ["x", "crop", "value"])
    node("Mul", ["ids", "small64"], .int64)
    graph.initializers["small64"] = Tensor([6], [1, -2, 3, .max, .min, 0] as [Int64])
    node("Mean", ["x", "z", "value"])
    node("Sum", ["z", "x", "value"])
    return graph
  }

  @Test("What inspect calls supported compiles, and answers as the model does")
  func supported() throws {
    try withFolder { folder in
      try ONNXExporter.export(everyChoice()).write(to: folder.appendingPathComponent("m.onnx"))
      let judged = try CommandLineTool.run(["inspect", "m.onnx", "--unsupported"], in: folder)
      try #require(judged.status == 0, "\(judged.errors)")
      let built = try CommandLineTool.run(["compile", "m.onnx", "--target", "host", "-o", "m.kdb"], in: folder)
      try #require(built.status == 0, "\(built.errors)")
      let count = 3
      func values(_ n: Int) -> [Int] { (0..<count * n).map { ($0 * 7919 + 13) % 23 - 11 } }
      try NumpyFile.write(
        [
          ("x", Tensor([count, 1, 4, 6], values(24).map { Float($0) / 4 })),
          ("z", Tensor([count, 4, 1], values(4).map { Float($0) / 8 })),
          ("ids", Tensor([count, 1, 4, 6], values(24).map { Int64($0) })),
          ("small", Tensor([count, 6], values(6).map { Int32($0 % 6) })),
          ("flags", Tensor([count, 4, 6], values(24).map { $0 > 0 })),
          ("bytes", Tensor([count, 1, 4, 6], .uint8(values(24).map { UInt8($0 + 20) }))),
        ], to: folder.appendingPathComponent("in.npz").path)
      var answers: [[String: Tensor]] = []
      for file in ["m.onnx", "m.kdb"] {
        let run = try CommandLineTool.run(["run", file, "--input", "in.npz", "-o", "out.npz"], in: folder)
        try #require(run.status == 0, "\(run.errors)")
        let arrays = try NumpyFile.read(folder.appendingPathComponent("out.npz").path)
        answers.append(Dictionary(arrays.map { ($0.key, $0.tensor) }) { first, _ in first })
      }
      #expect(answers[0].count == everyChoice().outputs.count)
      for (name, expected) in answers[0] {
        let got = try #require(answers[1][name])
        #expect(got.type == expected.type && got.isClose(to: expected), "\(name)")
      }
    }
  }

  @Test("Every cause is named once, those of types and those of the device together, and compile names the same")
  func unsupported() throws {
    try withFolder { folder in
      var graph = graph([("x", TensorType(.float32, [2, 4])), ("i", TensorType(.float32, [1, 2, 5, 5]))])
      graph.inputs.append(ValueInfo(name: "w", type: TensorType(.float32, [1, 2, 1, 1])))
      func node(_ name: String, _ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]) {
        graph.nodes.append(
          Node(name: name, opType: opType, opset: 19, inputs: inputs, outputs: [name + "_out"], attributes: attributes))
      }
      node("a", "ImageDecoder", ["x"])
      node("b", "ImageDecoder", ["a_out"])
      node("c", "Relu", ["b_out"])
      node("d", "ImageDecoder", ["x"])
      node("e", "Conv", ["i", "w"])
      node("f", "Sigmoidd", ["x"])
      graph.outputs = ["c_out", "d_out", "e_out", "f_out"]
      try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("m.onnx"))
      let judged = try CommandLineTool.run(["inspect", "m.onnx", "--unsupported"], in: folder)
      #expect(judged.status == 1)
      #expect(judged.errors.components(separatedBy: "operator 'ImageDecoder'").count == 2, "\(judged.errors)")
      #expect(judged.errors.contains("ImageDecoder: 3 nodes, the first at 'a'; also 'b', 'd'"), "\(judged.errors)")
      #expect(judged.errors.contains("Conv' with weights that are computed"))
      #expect(judged.errors.contains("did you mean 'Sigmoid'?"))
      #expect(!judged.errors.contains("Relu"))
      let built = try CommandLineTool.run(["compile", "m.onnx", "--target", "host", "-o", "m.kdb"], in: folder)
      #expect(built.status == 1)
      for text in ["operator 'ImageDecoder'", "Conv' with weights that are computed", "did you mean 'Sigmoid'?"] {
        #expect(built.errors.contains(text), "\(built.errors)")
      }
    }
  }

  @Test("What is wrong with the file and what kdc lacks are said together")
  func together() throws {
    try withFolder { folder in
      var graph = graph([("x", TensorType(.float32, [2, 4])), ("i", TensorType(.float32, [1, 77777]))])
      func node(_ name: String, _ opType: String, _ inputs: [String]) {
        graph.nodes.append(Node(name: name, opType: opType, opset: 19, inputs: inputs, outputs: [name + "_out"]))
      }
      node("a", "ImageDecoder", ["x"])
      node("b", "Relu", ["i"])
      node("c", "TfIdfVectorizer", ["b_out"])
      graph.outputs = ["a_out", "c_out"]
      // The dimension's number becomes a name of as many bytes.
      var file = Data(try ONNXExporter.export(graph))
      let number = try #require(file.range(of: Data([0x08, 0xD1, 0xDF, 0x04])))
      file.replaceSubrange(number, with: Data([0x12, 0x02]) + Data("NN".utf8))
      try file.write(to: folder.appendingPathComponent("m.onnx"))
      for words in [["inspect", "m.onnx", "--unsupported"], ["compile", "m.onnx", "--target", "host", "-o", "m.kdb"]] {
        let judged = try CommandLineTool.run(words, in: folder)
        #expect(judged.status == 1)
        for text in ["KDC2006", "operator 'ImageDecoder'", "operator 'TfIdfVectorizer'"] {
          #expect(judged.errors.contains(text), "\(words): \(judged.errors)")
        }
      }
    }
  }

  @Test("An input that is set is constant for inspect, compile and run alike, and float64 is said to become float32")
  func setInput() throws {
    try withFolder { folder in
      var graph = graph([("x", TensorType(.float64, [1, 2, 3])), ("axes", TensorType(.int64, [1]))])
      graph.nodes = [Node(name: "n", opType: "ReduceSum", opset: 19, inputs: ["x", "axes"], outputs: ["y"])]
      graph.outputs = ["y"]
      try ONNXExporter.export(graph).write(to: folder.appendingPathComponent("m.onnx"))
      try NumpyFile.write(
        [("x", Tensor([1, 2, 3], (0..<6).map { Float($0) }))], to: folder.appendingPathComponent("x.npz").path)
      let open = try CommandLineTool.run(["inspect", "m.onnx", "--unsupported"], in: folder)
      #expect(open.status == 1 && open.errors.contains("KDC2016"), "\(open.errors)")
      let judged = try CommandLineTool.run(["inspect", "m.onnx", "--set", "axes=2"], in: folder)
      #expect(judged.status == 0 && judged.output.contains("everything is supported"), "\(judged.errors)")
      #expect(judged.output.contains("float64 becomes float32: 1 input"))
      let built = try CommandLineTool.run(
        ["compile", "m.onnx", "--set", "axes=2", "--target", "host", "-o", "m.kdb"], in: folder)
      #expect(built.status == 0, "\(built.errors)")
      for arguments in [["m.kdb"], ["m.onnx", "--set", "axes=2"]] {
        let run = try CommandLineTool.run(["run"] + arguments + ["--input", "x.npz", "-o", "y.npz"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let arrays = try NumpyFile.read(folder.appendingPathComponent("y.npz").path)
        #expect(arrays.first?.tensor.floats == [3, 12])
      }
    }
  }
}
