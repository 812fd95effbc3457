import Foundation
import KDCTestSupport
import KDCToolchain
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
private let bundle = try? TinyModel.hostBundle.get()
private let search = ToolSearch()

/// python3 if NumPy is there.
private let python: String? = search.find("python3").flatMap { path in
  (try? Subprocess.run(path, ["-c", "import numpy"]))?.status == 0 ? path : nil
}
private let compiler = search.find("cc")

@Suite(.enabled(if: TinyModel.toolchain != nil, "needs clang and ld.lld to build a bundle"))
struct AppAPITests {
  @Test("The Python module runs a bundle and refuses what does not fit", .enabled(if: python != nil, "needs NumPy"))
  func pythonModule() throws {
    let script = """
      import sys, numpy
      sys.dont_write_bytecode = True
      sys.path.insert(0, sys.argv[1])
      from kdc_runtime import Model, ModelError
      with Model(sys.argv[2]) as model:
          assert model.name == "tiny" and model.inputs[0].shape == (1, 8), model.inputs
          x = numpy.linspace(-1, 1, 8).reshape(1, 8)
          y = model.run({"x": x}, threads=2)["y"]
          assert (y == x.astype(numpy.float32) * numpy.arange(1, 9, dtype=numpy.float32)).all(), y
          assert model.manifest["model"] == "tiny"
          model.verify()
          for bad in ({}, {"x": x[0]}, {"x": x.astype(complex)}, {"x": x, "z": x}):
              try:
                  model.run(bad)
                  raise SystemExit(f"accepted {list(bad)}")
              except ModelError as error:
                  assert error.status == 1
      try:
          Model("/etc/passwd")
          raise SystemExit("loaded what is no bundle")
      except ModelError as error:
          assert error.status == 13
      """
    let result = try Subprocess.run(
      try #require(python), ["-c", script, root + "/python", try #require(bundle)])
    #expect(result.status == 0, "\(result.output)")
  }

  @Test("The Python example runs", .enabled(if: python != nil, "needs NumPy"))
  func pythonExample() throws {
    let result = try Subprocess.run(
      "/usr/bin/env",
      ["PYTHONPATH=\(root)/python", try #require(python), "-B", root + "/examples/python/run.py", try #require(bundle)])
    #expect(result.status == 0 && result.output.hasPrefix("y float32 (1, 8)"), "\(result.output)")
  }

  @Test("The C example works linked with the bundle and loading it by name", .enabled(if: compiler != nil, "needs cc"))
  func cExample() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = try #require(bundle)
    let runtime = root + "/Sources/CKDCRuntime"
    let common = ["-std=gnu11", "-Wall", "-I", runtime + "/include", root + "/examples/c/main.c"]
    let linked = ["tiny.kdb", "-Wl,-rpath,$ORIGIN", "-o", "linked"]
    let byName = ["-DKDC_LOAD_BY_NAME", runtime + "/abi.c", runtime + "/load.c", "-ldl", "-o", "by-name"]
    try FileManager.default.copyItem(atPath: path, toPath: folder.path + "/model.kdb")
    try FileManager.default.copyItem(atPath: path, toPath: folder.path + "/tiny.kdb")
    for (arguments, command) in [(linked, ["linked"]), (byName, ["by-name", "model.kdb"])] {
      let build = try Subprocess.run(try #require(compiler), common + arguments, in: folder.path)
      #expect(build.status == 0, "\(build.output)")
      let result = try Subprocess.run("./" + command[0], Array(command.dropFirst()), in: folder.path)
      #expect(result.status == 0, "\(result.output)")
      #expect(result.output == "tiny: 1 inputs, 1 outputs, code for generic\ny: 0 0 0 0\n")
    }
  }
}
