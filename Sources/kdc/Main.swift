import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCTensor

/// The program: what has to be in order before anything runs, and then the command.
@main
enum Start {
  static func main() {
    StandardStreams.open()
    BLAS.restartWithFixedKernels()
    Signals.handle()
    do throws(Diagnostic) {
      try SystemLimits.checkThreads()
    } catch {
      Console.note(error.description)
      exit(ExitStatus.fault.rawValue)
    }
    Task.detached {
      let status = await KDC.run(Array(CommandLine.arguments.dropFirst()))
      exit(status.rawValue)
    }
    // Not dispatchMain(): its thread takes every signal, and so they would end the process as they always do.
    while true { pause() }
  }
}

struct KDC: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kdc", abstract: "Compile trained models into bundles of device code.", version: "0.1.0",
    // One line a command, one file each.
    subcommands: [
      Compile.self,
      Inspect.self,
      New.self,
      Train.self,
      Distill.self,
      Rise.self,
      FacesCommand.self,
      RecipeCommand.self,
      Run.self,
      Evaluate.self,
      TargetsCommand.self,
      Bench.self,
      Explain.self,
      Verify.self,
      Doctor.self,
    ])

  static func run(_ arguments: [String]) async -> ExitStatus {
    await Console.run { try await perform(arguments) }
  }

  /// Parses the arguments of a command and runs it.
  static func perform(_ arguments: [String]) async throws {
    var command = try parseAsRoot(arguments)
    if var asynchronous = command as? any AsyncParsableCommand {
      try await asynchronous.run()
    } else {
      try command.run()
    }
  }
}
