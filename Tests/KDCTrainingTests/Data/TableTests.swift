import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCToolchain
import Testing

import KDCTraining

@Suite("CSV data")
struct TableTests {
  static let signal = ValueInfo(name: "signal", type: TensorType(.float32, [1, 2, 3]))

  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files {
      let url = URL(fileURLWithPath: folder.path).appendingPathComponent(name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return folder
  }

  @Test(
    "A row is a sample, with or without names, whatever separates cells",
    arguments: [
      "a,b,label,c,d,e,f\n1,2,7,3,4,5,6\n\n-1,.5,8,1e2,0,0,0\n",
      "\u{FEFF}a;b;\"Label\";c;d;e;f\r\n1;2;7;3;4; 5 ;6\r\n-1;0.5;8;100;0;0;0",
      "1\t2\t3\t4\t5\t6\n-1\t0.5\t100\t0\t0\t0\n",
    ])
  func rows(text: String) throws {
    let folder = try folder(["a.csv": text])
    defer { folder.remove() }
    let set = try DataSet(contentsOf: folder.path + "/a.csv", inputs: [Self.signal], outputs: ["y"])
    #expect(set.count == 2)
    #expect(try set.sample(0)["signal"]?.floats == [1, 2, 3, 4, 5, 6])
    #expect(try set.sample(0)["signal"]?.shape == [1, 2, 3])
    #expect(try set.sample(1)["signal"]?.floats == [-1, 0.5, 100, 0, 0, 0])
    #expect(set.labels["y"]?.int64s == (text.contains("abel") ? [7, 8] : nil))
  }

  @Test("A folder has a sample per file, its rows over time, class folders are labels")
  func files() throws {
    let folder = try folder(["walk/1.csv": "x,y,z\n1,2,3\n4,5,6\n", "run/1.csv": "0,0,0\n0,0,1\n"])
    defer { folder.remove() }
    let set = try DataSet(contentsOf: folder.path, inputs: [Self.signal], outputs: ["y"])
    #expect(set.labels["y"]?.int64s == [0, 1])
    #expect(try set.sample(0)["signal"]?.floats == [0, 0, 0, 0, 0, 1])
    #expect(try set.sample(1)["signal"]?.floats == [1, 2, 3, 4, 5, 6])
  }

  static let faults: [(name: String, text: String, id: DiagnosticID, wanted: String)] = [
    ("a.csv", "1,2,3,4,5,6\n1,2,3\n", .invalidTable, "a.csv:2"),
    ("a.csv", "a,b,c,d,e,f\n1,2,3,4,5,6\n1,2,x,4,5,6\n", .invalidTable, "'x' in column 'c'"),
    ("a.csv", "1,2,3,4,5,6\n1,2,,4,5,6\n", .invalidTable, "a.csv:2"),
    ("a.csv", "1,2,3,4,5,nan\n", .nonFiniteData, "a.csv:1"),
    ("a.csv", "1,2,3,4\n", .wrongDataShape, "6 numbers a sample"),
    ("a.csv", "", .noSamples, "no rows"),
    ("a.csv", "a,b,c,d,e,f\n", .noSamples, "no rows"),
    ("", "1,2,3\n", .wrongDataShape, "1 rows of 3"),
    // A number ends at a NUL for C, and what follows would be lost.
    ("a.csv", "1,2,3,4,5,6\n1,2,3,4,5,1\0zzz9\n", .invalidTable, "a.csv:2"),
    ("a.csv", "1,2,3,4,5,1\0zzz9\n", .invalidTable, "control character 0"),
    ("a.csv", String(repeating: "1,", count: 100_000) + "1\n", .invalidTable, "200001 bytes long"),
    ("a.csv", "1,2,3,4,5,6,7,8\n", .wrongDataShape, "8 cells"),
  ]

  @Test("Tables that cannot be samples are refused with file and line", arguments: faults.indices)
  func refused(index: Int) throws {
    let (name, text, id, wanted) = Self.faults[index]
    let folder = try folder(["a.csv": text])
    defer { folder.remove() }
    let path = name.isEmpty ? folder.path : folder.path + "/" + name
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: path, inputs: [Self.signal], outputs: ["y"])
    }
    let first = try #require(error?.all.first)
    #expect(first.id == id, "\(first)")
    #expect(first.description.contains(wanted), "\(first)")
  }

  @Test("A table's numbers must fit an input of whole numbers")
  func wholeNumbers() throws {
    let folder = try folder(["a.csv": "1,2,3,4,5,6\n1,2,3,4,5,0.5\n"])
    defer { folder.remove() }
    let bytes = ValueInfo(name: "signal", type: TensorType(.uint8, [1, 2, 3]))
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: folder.path + "/a.csv", inputs: [bytes], outputs: ["y"])
    }
    #expect(error?.all.first?.id == .numbersDoNotFit)
    #expect(error?.description.contains("row 2") == true)
  }

  @Test("Tables are for models with one input")
  func inputs() throws {
    let folder = try folder(["a.csv": "1,2,3,4,5,6\n"])
    defer { folder.remove() }
    let other = ValueInfo(name: "other", type: TensorType(.float32, [1, 1]))
    let error = #expect(throws: DiagnosticList.self) {
      try DataSet(contentsOf: folder.path + "/a.csv", inputs: [Self.signal, other], outputs: [])
    }
    #expect(error?.all.first?.id == .unsuitableInput)
  }
}
