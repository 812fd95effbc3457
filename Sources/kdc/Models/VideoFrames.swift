import Foundation
import KDCDiagnostics
import KDCGraph
import KDCToolchain
import KDCTraining

/// A video's frames as a folder of PNG files, taken apart by ffmpeg.
struct VideoFrames {
  private let folder: TemporaryFolder
  var path: String { folder.path }

  static func isVideo(_ path: String) -> Bool {
    let kinds = ["avi", "gif", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "webm"]
    return kinds.contains(URL(fileURLWithPath: path).pathExtension.lowercased())
  }

  /// Frames no larger than the largest of `inputs` needs, so that long videos fit on the disk; `rate` frames of each second,
  /// all without it. Throws `fileNotFound`, `videoToolNotFound`, `unreadableVideo`.
  init(_ path: String, for inputs: [ValueInfo], rate: Double?) throws {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw Diagnostic(.fileNotFound, "cannot read '\(path)'", at: Place(file: path))
    }
    guard let tool = ToolSearch().find("ffmpeg") else {
      throw Diagnostic(
        .videoToolNotFound, "a video needs ffmpeg, which is not installed", at: Place(file: path),
        hint: "install ffmpeg, or give a folder of the frames as PNG or JPEG files")
    }
    let filters = (rate.map { ["fps=\($0)"] } ?? []) + (Self.scale(for: inputs).map { [$0] } ?? [])
    let filter = filters.isEmpty ? [] : ["-vf", filters.joined(separator: ",")]
    folder = try TemporaryFolder()
    // "file:", so that no name is taken for an address.
    let place = "file:" + URL(fileURLWithPath: path).path
    do {
      let result = try Subprocess.run(
        tool, ["-nostdin", "-v", "error", "-i", place] + filter + [folder.path + "/%08d.png"])
      let isEmpty = try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty
      guard result.status == 0, !isEmpty else {
        throw Diagnostic(
          .unreadableVideo,
          result.status == 0
            ? "ffmpeg finds no frame in the video" : "ffmpeg cannot read the video (exit code \(result.status))",
          at: Place(file: path), notes: result.output.split(separator: "\n").prefix(5).map(String.init))
      }
    } catch {
      folder.remove()
      throw error
    }
  }

  func remove() { folder.remove() }

  /// ffmpeg's filter for the largest image among the inputs; nil where none is one.
  private static func scale(for inputs: [ValueInfo]) -> String? {
    let sizes = inputs.map(\.type.shape).filter { $0.rank == 4 }.map { shape in
      ImageLayout(shape).map { (width: $0.width, height: $0.height) } ?? (width: shape[3], height: shape[2])
    }
    guard let width = sizes.map(\.width).max(), let height = sizes.map(\.height).max() else { return nil }
    return "scale=\(width):\(height):flags=area"
  }
}
