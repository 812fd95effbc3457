import Foundation
import KDCRuntime
import KDCTestSupport
import Testing

private let bundle = try? TinyModel.hostBundle.get()

@Suite(.enabled(if: TinyModel.toolchain != nil, "needs clang and ld.lld to build a bundle"))
struct ModelTests {
  private let x: [Float] = [1, -2, 3, 0.5, 0, 7, -0.25, 9]
  private var expected: [Float] { zip(x, 1...8).map { $0 * Float($1) } }

  @Test("A bundle says what it is and computes, from a file and from memory")
  func runs() throws {
    let path = try #require(bundle)
    for model in [try Model(path: path), try Model(bytes: Array(try Data(contentsOf: URL(fileURLWithPath: path))))] {
      #expect(model.name == "tiny")
      #expect(model.inputs.map(\.name) == ["x"] && model.inputs.map(\.shape) == [[1, 8]])
      #expect(model.manifest.contains("\"formatVersion\""))
      let result = try model.run(["x": Tensor(x, shape: [1, 8])])
      #expect(result["y"]?.floats == expected)
      try model.verify(threads: 2)
    }
  }

  @Test("Another instance of a loaded model outlives the first")
  func shared() throws {
    var first: Model? = try Model(path: try #require(bundle))
    let second = try Model(sharing: try #require(first))
    first = nil
    #expect(try second.run(["x": Tensor(x, shape: [1, 8])])["y"]?.floats == expected)
  }

  @Test("Any number of threads gives the same bytes", arguments: [0, 1, 2, 3, 8, 64, 1000])
  func threads(count: Int) throws {
    let model = try Model(path: try #require(bundle))
    for _ in 0..<50 {
      #expect(try model.run(["x": Tensor(x, shape: [1, 8])], threads: count)["y"]?.floats == expected)
    }
  }

  @Test("Instances and callers on several threads do not disturb each other")
  func concurrency() async throws {
    let path = try #require(bundle)
    let shared = try Model(path: path)
    let (x, expected) = (x, expected)
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<8 {
        group.addTask {
          let model = index % 2 == 0 ? shared : try Model(path: path)
          return try (0..<100).allSatisfy { _ in
            try model.run(["x": Tensor(x, shape: [1, 8])], threads: 1 + index % 3)["y"]?.floats == expected
          }
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(right)
  }

  @Test("Inputs that do not fit are refused with their name")
  func badInputs() throws {
    let model = try Model(path: try #require(bundle))
    let eight = [Float](repeating: 0, count: 8)
    let bad: [[String: Tensor]] = [[:], ["x": Tensor(eight, shape: [8])], ["z": Tensor(eight, shape: [1, 8])]]
    for inputs in bad {
      let fault = #expect(throws: ModelError.self) { try model.run(inputs) }
      #expect(fault?.code == .badArgument)
      #expect(fault?.message.contains("'x'") == true)
    }
  }

  @Test(
    "What cannot be loaded is named for what it is",
    arguments: [
      ("/nonexistent/model.kdb", ModelError.Code.cannotLoad), ("/etc/passwd", .notABundle),
      ("/proc/self/exe", .notABundle),
      ("/dev/null", .notABundle), ("/", .notABundle),
    ])
  func notABundle(path: String, code: ModelError.Code) {
    let fault = #expect(throws: ModelError.self) { try Model(path: path) }
    #expect(fault?.code == code)
  }
}
