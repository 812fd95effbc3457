import Foundation

/// The folder `shared` next to the clone (or above it): models that are too large for the repository.
///
/// Tests that use it are enabled only where it is there: `.enabled(if: SharedFolder.url != nil, "../shared is missing")`.
package enum SharedFolder {
  package static let url: URL? = {
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let candidate = folder.appendingPathComponent("shared/models")
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate.deletingLastPathComponent() }
    }
    return nil
  }()

  /// The path of a file or folder inside, or nil where it does not exist.
  package static func path(_ relative: String) -> String? {
    guard let path = url?.appendingPathComponent(relative).path, FileManager.default.fileExists(atPath: path) else {
      return nil
    }
    return path
  }
}
