import Foundation
import KDCKernels
import KDCProgram
import KDCTargets

/// One kernel to try: a program whose last step it is for, the contents of its buffers and constants, and who emits it
/// for what. Steps before the last only say what its inputs can hold.
package struct KernelCase {
  package var program: Program
  package var family: any KernelFamily
  package var target: Target
  package var memory: Memory
  /// What to say when it fails: shape and seed.
  package var title: String

  package init(_ title: String, program: Program, memory: Memory, family: any KernelFamily, target: Target) {
    self.title = title
    self.program = program
    self.memory = memory
    self.family = family
    self.target = target
  }
}

/// Compiles generated kernels into one freestanding program, runs it here or under qemu, and compares with the
/// steps' references. Every kernel runs twice: all units in one call, and in three calls from the last part to the
/// first. Whatever is not an output or the workspace must stay as it was, over-read bytes are noise, and what a bundle does
/// not lay out behind a buffer or constant cannot be read.
package enum KernelHarness {
  /// Where a program can run.
  package enum Machine: Sendable, CustomStringConvertible {
    case host
    case qemu(cpu: String)
    package var description: String {
      switch self {
      case .host: "host"
      case .qemu(let cpu): "qemu \(cpu)"
      }
    }
  }

  /// Why programs for `machine` cannot be compiled and run here; nil where they can.
  package static func unavailable(_ machine: Machine) -> String? {
    guard Tools.path(of: "clang") != nil else { return "clang is not installed" }
    guard Tools.path(of: "ld.lld") != nil else { return "ld.lld is not installed" }
    switch machine {
    case .host:
      #if arch(x86_64)
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        return info.contains(" avx2 ") ? nil : "the host has no AVX2"
      #else
        return "the host is not x86-64"
      #endif
    case .qemu: return Tools.path(of: "qemu-aarch64") == nil ? "qemu-aarch64 is not installed" : nil
    }
  }

  package static func available(_ machine: Machine) -> Bool { unavailable(machine) == nil }

  /// Whether code for `target` can run on `machine` too.
  package static func available(_ machine: Machine, for target: Target) -> Bool {
    guard available(machine) else { return false }
    guard case .host = machine, target.compilerFlags.contains("-mavx512vnni") else { return true }
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"].allSatisfy { info.contains(" \($0) ") }
  }

  /// Runs all cases (of one architecture) on `machine`. Returns one line for each case that differs from the
  /// reference or that touches what is not its own; throws where something does not compile or crashes.
  /// `sanitized` builds with AddressSanitizer, on the host only.
  package static func failures(_ cases: [KernelCase], on machine: Machine, sanitized: Bool = false) throws -> [String] {
    let layout = try KernelLayout(cases)
    var image = layout.image
    try image.withUnsafeMutableBytes { bytes in
      let result = try execute(
        try layout.source(cases), input: Data(bytes), cases: cases, on: machine, sanitized: sanitized)
      guard result.count == bytes.count else {
        throw HarnessError("the program returned \(result.count) bytes instead of \(bytes.count)")
      }
      result.copyBytes(to: bytes)
    }
    return layout.faults(cases, after: image)
  }

  /// Compiles `source` for the architecture of `cases` and runs it.
  package static func execute(
    _ source: String, input: Data, cases: [KernelCase], on machine: Machine, sanitized: Bool = false
  ) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let flags = cases.first?.target.compilerFlags ?? []
    let program =
      try sanitized
      ? compileSanitized(source, flags: flags, into: folder)
      : compile(source, flags: flags, into: folder, for: machine)
    return try run(program, input: input, on: machine)
  }

  /// Compiles and links a freestanding program; returns its path in `folder`.
  package static func compile(_ source: String, flags: [String], into folder: URL, for machine: Machine) throws -> URL {
    guard let clang = Tools.path(of: "clang"), let linker = Tools.path(of: "ld.lld") else {
      throw HarnessError("no clang")
    }
    let file = folder.appendingPathComponent("kernels.c")
    let object = folder.appendingPathComponent("kernels.o")
    let program = folder.appendingPathComponent("kernels")
    try source.write(to: file, atomically: false, encoding: .utf8)
    var arguments = [
      "-O2", "-std=c11", "-ffreestanding", "-nostdlibinc", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra",
      "-Werror", "-Wno-unused-function", "-fno-stack-protector", "-c", file.path, "-o", object.path,
    ]
    let emulation: String
    switch machine {
    case .host:
      arguments += ["--target=x86_64-linux-gnu"]
      emulation = "elf_x86_64"
    case .qemu:
      arguments += ["--target=aarch64-linux-gnu"]
      emulation = "aarch64linux"
    }
    _ = try Tools.run(clang, arguments + flags, input: Data())
    _ = try Tools.run(
      linker, ["-m", emulation, "-static", "-e", "harness_start", "-o", program.path, object.path], input: Data())
    return program
  }

  /// Compiles a program for this machine with AddressSanitizer and the C library; returns its path in `folder`.
  private static func compileSanitized(_ source: String, flags: [String], into folder: URL) throws -> URL {
    guard let clang = Tools.path(of: "clang") else { throw HarnessError("no clang") }
    let file = folder.appendingPathComponent("kernels.c")
    let program = folder.appendingPathComponent("kernels")
    try source.write(to: file, atomically: false, encoding: .utf8)
    let arguments = [
      "-O1", "-g", "-std=c11", "-ffreestanding", "-ffp-contract=off", "-fno-math-errno", "-fsanitize=address",
      "-DHOSTED",
      file.path, "-o", program.path,
    ]
    _ = try Tools.run(clang, arguments + flags, input: Data())
    return program
  }

  static func run(_ program: URL, input: Data, on machine: Machine) throws -> Data {
    switch machine {
    case .host: return try Tools.run(program.path, [], input: input)
    case .qemu(let cpu):
      guard let qemu = Tools.path(of: "qemu-aarch64") else { throw HarnessError("no qemu-aarch64") }
      return try Tools.run(qemu, ["-cpu", cpu, program.path], input: input)
    }
  }
}

package struct HarnessError: Error, CustomStringConvertible {
  package var description: String
  package init(_ description: String) { self.description = description }
}
