import KDCDiagnostics
import KDCTargets
import Testing

private let good = """
  name: board
  title: A board
  architecture: aarch64
  cpu: cortex-a53
  cpuParts: [0xd03]
  compilerFlags: [-march=armv8-a]
  features: [neon]
  gigahertz: 1.2
  cores: 4
  l1Bytes: 32768
  l2Bytes: 524288
  dramBytesPerCycle: 2

  """

/// The diagnostics of a description.
private func faults(_ text: String) -> [Diagnostic] {
  do {
    _ = try TargetReader.read(text, file: "board.yaml")
    return []
  } catch let list as DiagnosticList {
    return list.all
  } catch {
    Issue.record("another error: \(error)")
    return []
  }
}

@Suite struct TargetReaderTests {
  @Test("a complete description is read key by key")
  func complete() throws {
    let target = try TargetReader.read(good, file: "board.yaml")
    #expect(target.name == "board")
    #expect(target.architecture == .aarch64)
    #expect(target.cpuParts == [0xd03])
    #expect(target.compilerFlags == ["-march=armv8-a"])
    #expect(target.has(.neon) && !target.has(.avx2))
    #expect(target.gigahertz == 1.2)
    #expect(target.dramBytesPerCycle == 2)
  }

  @Test(
    "a faulty description is refused with KDC1042, its line and a way out",
    arguments: [
      ("cores: 4", "cores: four", "'cores' needs a whole number from 1 to 1024", "line 9"),
      ("cores: 4", "cores: 0", "'cores' needs a whole number from 1 to 1024", "line 9"),
      ("gigahertz: 1.2", "gigahertz: .nan", "'gigahertz' needs a number from 0.01 to 20.0", "line 8"),
      ("architecture: aarch64", "architecture: aarch46", "unknown architecture 'aarch46'", "line 3"),
      ("features: [neon]", "features: [neno]", "unknown feature 'neno'", "line 7"),
      ("features: [neon]", "features: neon", "'features' needs a list", "line 7"),
      ("cpuParts: [0xd03]", "cpuParts: [-1]", "'cpuParts' needs a whole number from 1 to 4095", "line 5"),
      ("-march=armv8-a", "-fplugin=x.so", "'-fplugin=x.so' is not a machine flag", "line 6"),
      ("name: board", "name: a b", "'name' has characters other than letters, digits, '-', '.' and '_'", "line 1"),
      (
        "dramBytesPerCycle: 2", "dramBytesPerCycle: 2\nchosenFor: {l1Bytes: 1}",
        "'chosenFor' needs l1Bytes, l2Bytes, dramBytesPerCycle and nothing else", "line 13"
      ),
      ("cores: 4", "core: 4", "unknown key 'core'", "line 9"),
    ])
  func faulty(from: String, to: String, message: String, line: String) {
    let all = faults(good.replacing(from, with: to))
    #expect(all.first?.id == .invalidTarget)
    #expect(all.first?.message == message)
    #expect(all.first?.place?.file == "board.yaml")
    #expect(all.first?.place?.detail?.hasPrefix(line + ",") == true, "\(all)")
  }

  @Test("every fault of a description is reported, with the nearest known word")
  func several() {
    let all = faults(good.replacing("cores: 4", with: "core: 4").replacing("neon", with: "neom"))
    #expect(all.map(\.message) == ["unknown key 'core'", "the key 'cores' is missing", "unknown feature 'neom'"])
    #expect(all.map(\.hint) == ["did you mean 'cores'?", nil, "did you mean 'neon'?"])
  }

  @Test("text that is no YAML mapping is refused with KDC1042", arguments: ["a: [", "- 1", "", "\u{0}", "a: b: c"])
  func noMapping(text: String) {
    #expect(faults(text).map(\.id) == [.invalidTarget])
  }
}
