import Foundation
import KDCDiagnostics
import KDCTargets
import Testing

/// The root of the package, from this file's place in it.
private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite struct TargetsTests {
  @Test("the built-in targets are the boards and kinds of hosts")
  func builtIn() throws {
    let targets = try Targets.builtIn()
    #expect(targets.all.map { $0.name + ".yaml" }.sorted() == embeddedTargets.map(\.file).sorted())
    #expect(try targets.find("pi4b").cpuParts == [0xd08])
    #expect(try targets.find("jetson-nano").cpuParts == [0xd07])
  }

  @Test("both boards have the same compiler flags, so that they can share code")
  func sharedFlags() throws {
    let targets = try Targets.builtIn()
    #expect(try targets.find("pi4b").compilerFlags == targets.find("jetson-nano").compilerFlags)
    #expect(try targets.find("pi4b").features == targets.find("jetson-nano").features)
  }

  @Test("the texts inside kdc are those of targets/*.yaml: else run scripts/embed")
  func embeddedIsFresh() throws {
    let folder = root.appendingPathComponent("targets")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(embeddedTargets.map(\.file) == files.sorted())
    for (file, text) in embeddedTargets {
      #expect(try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) == text, "\(file)")
    }
  }

  @Test("an unknown name is KDC1041 with the known names and the nearest one")
  func unknown() throws {
    let targets = try Targets.builtIn()
    let fault = #expect(throws: Diagnostic.self) { try targets.find("pi4") }
    #expect(fault?.id == .unknownTarget)
    #expect(fault?.notes == ["known targets: \(targets.all.map(\.name).joined(separator: ", "))"])
    #expect(fault?.hint == "did you mean 'pi4b'?")
    let list = #expect(throws: DiagnosticList.self) { try targets.find(["pi4b", "x-1", "x-2"]) }
    #expect(list?.all.map(\.id) == [.unknownTarget, .unknownTarget])
  }

  @Test("costs are by family, else by the end of its name")
  func costs() throws {
    var target = try Targets.builtIn().find("pi5")
    #expect(target.cost(of: "conv_depthwise_neon") == 0.65)
    #expect(target.cost(of: "conv_runs_dotprod") == 1)
    target.costs["conv_depthwise_neon"] = 2
    #expect(target.cost(of: "conv_depthwise_neon") == 2)
  }

  @Test("a name given twice is one target")
  func twice() throws {
    #expect(try Targets.builtIn().find(["pi4b", "host", "pi4b"]).map(\.name) == ["pi4b", "host"])
  }

  @Test("a bundle for a target holds the code of the target's variants too, each once")
  func variants() throws {
    let targets = try Targets.builtIn()
    #expect(
      try targets.compiled(for: ["host-avxvnni", "pi4b", "host"]).map(\.name) == [
        "host-avxvnni", "pi4b", "host", "host-avx512vnni",
      ])
    var host = try targets.find("host")
    host.variants = ["pi4b"]
    let odd = Targets([host, try targets.find("pi4b")])
    let fault = #expect(throws: Diagnostic.self) { try odd.compiled(for: ["host"]) }
    #expect(fault?.id == .invalidTarget)
  }

  @Test("a path to a description is a target; a missing one is KDC1001")
  func path() throws {
    let targets = try Targets.builtIn()
    let file = root.appendingPathComponent("targets/pi4b.yaml").path
    #expect(try targets.find(file) == targets.find("pi4b"))
    let fault = #expect(throws: Diagnostic.self) { try targets.find("missing/board.yaml") }
    #expect(fault?.id == .fileNotFound)
    let folder = #expect(throws: Diagnostic.self) { try Targets.inFolder("missing") }
    #expect(folder?.id == .fileNotFound)
  }

  @Test("a folder of descriptions takes the place of the built-in ones")
  func folder() throws {
    let targets = try Targets.inFolder(root.appendingPathComponent("targets").path)
    #expect(try targets.all == Targets.builtIn().all)
  }
}
