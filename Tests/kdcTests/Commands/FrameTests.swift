import Foundation
import KDCDiagnostics
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

/// Frames and videos through the command line.
@Suite(
  "kdc run on frames", .serialized,
  .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct FrameTests {
  /// A model with a picture and two successive frames; the heads are sums that tell which pixels came where.
  private static let model = """
    family: multi-modal
    branches:
      - {input: {name: image, shape: [1, 4, 4]}, family: mlp, widths: [4]}
      - {input: {name: frames, shape: [2, 2, 2]}, family: mlp, widths: [4]}
    join: {width: 4}
    outputs: {score: 2}

    """

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-test-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(Self.model.utf8).write(to: folder.appendingPathComponent("model.yaml"))
    let made = try CommandLineTool.run(["new", "model.yaml", "-o", "model.onnx"], in: folder)
    try #require(made.status == 0, "\(made.errors)")
    try body(folder)
  }

  /// Three 4x4 frames of one tone each.
  private func writeFrames(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (index, tone) in [51, 102, 255].enumerated() {
      let image = Image(width: 4, height: 4, channels: 1, pixels: [UInt8](repeating: UInt8(tone), count: 16))
      try Data(image.png()).write(to: folder.appendingPathComponent("\(index).png"))
    }
  }

  @Test("A folder of frames gives a row for each: the picture, and the series that ends with it")
  func frames() throws {
    try withFolder { folder in
      try writeFrames(to: folder.appendingPathComponent("frames"))
      let tones: [Float] = [0.2, 0.4, 1]
      let series = [(0, 0), (0, 1), (1, 2)].flatMap { [tones[$0.0], tones[$0.1]] }
      let same: [(key: String, tensor: Tensor)] = [
        ("image", Tensor([3, 1, 4, 4], tones.flatMap { [Float](repeating: $0, count: 16) })),
        ("frames", Tensor([3, 2, 2, 2], series.flatMap { [Float](repeating: $0, count: 4) })),
      ]
      try NumpyFile.write(same, to: folder.appendingPathComponent("same.npz").path)
      for input in ["frames", "same.npz"] {
        let outcome = try CommandLineTool.run(
          ["run", "model.onnx", "--input", input, "-o", "\(input).out"], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
      }
      let results = try ["frames", "same.npz"].map { name in
        try NumpyFile.read(folder.appendingPathComponent("\(name).out").path)
      }
      let (found, wanted) = (results[0][0].tensor, results[1][0].tensor)
      #expect(found.shape == [3, 2])
      #expect(found.asFloats == wanted.asFloats && found.asFloats[0] != found.asFloats[4])
    }
  }

  @Test("A video is taken apart by ffmpeg, at the size and rate asked for")
  func video() throws {
    try withFolder { folder in
      try writeFrames(to: folder.appendingPathComponent("frames"))
      // Stands for ffmpeg: says what it was asked for, and gives the frames.
      try tool(
        "printf '%s ' \"$@\" > \"${0%/*}/asked\"\nfor last; do :; done\n/bin/cp \"${0%/*}\"/../frames/*.png \"${last%/*}\"\n",
        in: folder)
      try Data("video".utf8).write(to: folder.appendingPathComponent("door.mp4"))
      let outcome = try run(["--input", "door.mp4", "--fps", "8", "-o", "out.npz"], in: folder)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("3 samples"))
      let asked = try String(contentsOf: folder.appendingPathComponent("bin/asked"), encoding: .utf8)
      #expect(asked.contains("fps=8.0,scale=4:4:flags=area") && asked.contains("file:/"))
    }
  }

  @Test("Without ffmpeg, without frames and with a broken video the fault has its number and nothing is written")
  func faults() throws {
    try withFolder { folder in
      let cases: [(script: String?, id: DiagnosticID, text: String)] = [
        (nil, .videoToolNotFound, "install ffmpeg"),
        ("echo moov atom not found >&2\nexit 1\n", .unreadableVideo, "moov atom not found"),
        ("exit 0\n", .unreadableVideo, "no frame"),
      ]
      try Data("video".utf8).write(to: folder.appendingPathComponent("door.mp4"))
      for (script, id, text) in cases {
        if let script { try tool(script, in: folder) }
        let outcome = try run(["--input", "door.mp4", "-o", "out.npz"], in: folder)
        #expect(
          outcome.status == 1 && outcome.errors.contains("\(id)") && outcome.errors.contains(text), "\(outcome.errors)")
      }
      let missing = try run(["--input", "none.mp4", "-o", "out.npz"], in: folder)
      #expect(missing.status == 1 && missing.errors.contains("\(DiagnosticID.fileNotFound)"))
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("empty"), withIntermediateDirectories: true)
      let empty = try run(["--input", "empty", "-o", "out.npz"], in: folder)
      #expect(empty.status == 1 && empty.errors.contains("\(DiagnosticID.noSamples)"))
      try writeFrames(to: folder.appendingPathComponent("frames"))
      let sized = try run(["--input", "frames", "--image-size", "4x4", "-o", "out.npz"], in: folder)
      #expect(sized.status == 1 && sized.errors.contains("\(DiagnosticID.unsuitableInput)"))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out.npz").path))
    }
  }

  private func tool(_ script: String, in folder: URL) throws {
    let place = folder.appendingPathComponent("bin/ffmpeg")
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("#!/bin/sh\n\(script)".utf8).write(to: place)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.path)
  }

  /// With the folder's own ffmpeg, or none.
  private func run(_ arguments: [String], in folder: URL) throws -> CommandLineTool.Outcome {
    try CommandLineTool.run(
      ["run", "model.onnx"] + arguments, in: folder, environment: ["PATH": folder.appendingPathComponent("bin").path])
  }
}
