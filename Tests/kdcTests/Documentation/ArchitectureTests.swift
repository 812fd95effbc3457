import Foundation
import KDCOps
import Testing

@Suite struct ArchitectureTests {
  /// What any Swift module may import: the toolchain's own libraries.
  private static let system: Set<String> = [
    "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc", "Musl", "Darwin", "Swift",
  ]

  @Test("Package.swift lists each module after those it imports")
  func order() throws {
    let rules = try ModuleRule.all()
    #expect(rules.count >= 14)
    var earlier: Set<String> = []
    for rule in rules {
      for name in rule.imports where name.hasPrefix("KDC") {
        #expect(earlier.contains(name), "\(rule.name) imports \(name), which does not come before it")
      }
      earlier.insert(rule.name)
    }
  }

  @Test("Every file imports only what Package.swift allows its module")
  func edges() throws {
    for rule in try ModuleRule.all() {
      let files = SourceTree.files(under: "Sources/" + rule.name)
      #expect(!files.isEmpty, "no files of \(rule.name)")
      for file in files {
        for name in try SourceTree.imports(of: file) where !Self.system.contains(name) {
          #expect(rule.imports.contains(name), "\(file) imports \(name)")
        }
      }
    }
  }

  @Test(
    "Modules that must not know each other do not",
    arguments: [
      ("KDCOps", "KDCONNX"), ("KDCONNX", "KDCOps"), ("KDCCompression", "KDCCodegen"), ("KDCCodegen", "KDCCompression"),
      ("KDCCodegen", "KDCTraining"), ("KDCKernels", "KDCGraph"), ("KDCProgram", "KDCGraph"),
    ])
  func strangers(module: String, other: String) throws {
    let rules = try ModuleRule.all()
    var reached: Set<String> = []
    var open = [module]
    while let next = open.popLast() {
      for name in rules.first(where: { $0.name == next })?.imports ?? [] where reached.insert(name).inserted {
        open.append(name)
      }
    }
    #expect(rules.contains { $0.name == module } && rules.contains { $0.name == other })
    #expect(!reached.contains(other))
  }

  @Test("Nothing but operators, passes that match patterns and the reader of files asks for operators by name")
  func operatorNames() throws {
    let names = Set(Operators.all.map { $0.onnxName })
    let allowed = ["Sources/KDCOps/Operators", "Sources/KDCPasses/", "Sources/KDCONNX/"]
    for file in SourceTree.files(under: "Sources") where !allowed.contains(where: file.hasPrefix) {
      let text = try SourceTree.text(file)
      if let found = text.firstMatch(of: /opType *[!=]=.*|contains\([^)\n]*opType\).*|switch [^\n{]*opType.*/) {
        Issue.record("\(file): \(found.0)")
      }
      for found in text.matches(of: /case "(\w+)"/) where names.contains(String(found.1)) {
        Issue.record("\(file): \(found.0)")
      }
    }
  }

  @Test("The runtime knows nothing of the compiler")
  func runtime() throws {
    for file in SourceTree.files(under: "Sources/KDCRuntime") {
      for name in try SourceTree.imports(of: file) {
        #expect(name == "CKDCRuntime" || Self.system.contains(name), "\(file) imports \(name)")
      }
    }
    let sources = SourceTree.files(under: "Sources/CKDCRuntime", extensions: ["c", "h"])
    #expect(!sources.isEmpty)
    let own = Set(sources.map { ($0 as NSString).lastPathComponent })
    for file in sources {
      for include in try SourceTree.text(file).matches(of: /(?m)^\s*#\s*include\s+"([^"]+)"/) {
        #expect(own.contains((String(include.1) as NSString).lastPathComponent), "\(file) includes \(include.1)")
      }
    }
  }

  @Test("No source file is longer than 700 lines, generated ones aside")
  func lengths() throws {
    for folder in ["Sources", "Tests"] {
      for file in SourceTree.files(under: folder, extensions: ["swift", "c", "h"]) where !file.hasSuffix(".pb.swift") {
        let lines = try SourceTree.text(file).split(separator: "\n", omittingEmptySubsequences: false).count
        #expect(lines <= 700, "\(file) has \(lines) lines")
      }
    }
  }

  @Test(
    "Sources contain no postponed work, no forced unwrapping of errors, and no path of the machine they were made on")
  func wording() throws {
    // Put together here so that this file does not contain them itself.
    let forbidden = [
      "TO" + "DO", "FIX" + "ME", "not imple" + "mented", "try" + "!", "fatal" + "Error(", "/wo" + "rk/", "/ro" + "ot/",
    ]
    for file in SourceTree.files(under: "Sources", extensions: ["swift", "c", "h", "md"])
    where !file.hasSuffix(".pb.swift") {
      let text = try SourceTree.text(file)
      for word in forbidden { #expect(!text.contains(word), "\(file) contains \(word)") }
    }
  }
}
