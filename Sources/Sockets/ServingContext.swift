import Glibc
import HTTP
import Logging

/// What all connections of a server share. Confined to the serving thread.
final class ServingContext {
  let configuration: ServerConfiguration
  let handler: any HTTPHandler
  let mailbox: Mailbox
  let log: ServingLog
  let bodies: BodyBudget
  /// When the events that are being handled came: fine enough for deadlines.
  var now = Moment.now
  /// Set once the server stops: every response is then the last of its connection.
  var isStopping = false
  /// One buffer serves all connections, since each read is used up at once.
  var readBuffer = [UInt8](repeating: 0, count: 64 * 1024)
  var requestIDs = RequestIDSource()
  private var dates = HTTPDateCache()

  init(
    configuration: ServerConfiguration, handler: any HTTPHandler, mailbox: Mailbox, log: ServingLog,
    bodies: BodyBudget
  ) {
    self.configuration = configuration
    self.handler = handler
    self.mailbox = mailbox
    self.log = log
    self.bodies = bodies
  }

  var deadlines: Deadlines { configuration.deadlines }

  /// The `Date` of a response made now.
  func date() -> String {
    dates.string(unixSeconds: Int64(time(nil)))
  }
}
