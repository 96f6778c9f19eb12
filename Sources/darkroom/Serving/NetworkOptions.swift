import API
import ArgumentParser
import HTTP
import Sockets

/// Where the server is reached, and by which names.
struct NetworkOptions: ParsableArguments {
  @Option(help: "The address to listen on. (default: 127.0.0.1)") var host: String?
  @Option(help: "The port to listen on; 0 picks a free one. (default: 8000)") var port: UInt16?
  @Option(help: "A name clients may reach this server by; may be repeated.") var allowHost: [String] = []
  @Option(help: "An origin whose pages may use this server, such as https://a.example; may be repeated.")
  var allowOrigin: [String] = []
  @Option(help: "Connections at a time; one more is answered 503. (default: 4096)") var maxConnections: Int?

  struct Values {
    let host: String
    let port: Int
    let allowedHosts: [String]
    let allowedOrigins: Set<Origin>
    let maxConnections: Int
  }

  func values(_ file: ConfigurationFile?) throws -> Values {
    let most = try Setting.value(
      maxConnections, "max-connections", default: ServerConfiguration().maxConnections, from: file)
    guard (1...1_000_000).contains(most) else {
      throw ValidationError("--max-connections is from 1 to 1000000.")
    }
    let origins = try Setting.list(allowOrigin, "allow-origin", from: file).map { text in
      guard let origin = Origin(text) else {
        throw ValidationError(
          "--allow-origin is scheme://host or scheme://host:port, as browsers send it, not \(text).")
      }
      return origin
    }
    let names = try Setting.list(allowHost, "allow-host", from: file)
    for name in names where Authority(name.utf8)?.host != name.lowercased() {
      throw ValidationError("--allow-host is a name alone, such as pictures.example, not \(name).")
    }
    return Values(
      host: try Setting.value(host, "host", default: "127.0.0.1", from: file),
      port: Int(try Setting.value(port, "port", default: 8000, from: file)),
      allowedHosts: names, allowedOrigins: Set(origins),
      maxConnections: most)
  }

  /// Whether other machines may reach this address.
  static func isPublic(_ host: String) -> Bool {
    !(["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127."))
  }
}
