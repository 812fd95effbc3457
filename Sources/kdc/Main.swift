import ArgumentParser

@main
struct KDC: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kdc", abstract: "Compile trained models into bundles of device code.", version: "0.1.0")
}
