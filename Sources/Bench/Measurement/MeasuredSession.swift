import Engine

/// The session of a measurement, which a request may want anew.
///
/// There is one at a time: the one before is gone, with its model, before the next is made. The peak memory of the process
/// is then that of one deployment.
package struct MeasuredSession {
  private let open: () throws -> Session
  private var session: Session?

  /// Prepares a session that `open` makes.
  package init(open: @escaping () throws -> Session) { self.open = open }

  /// Gives the session up; the next use makes a new one.
  package mutating func close() { session = nil }

  /// The session, made if there is none.
  ///
  /// - Throws: errors of the model.
  package mutating func callAsFunction() throws -> Session {
    if let session { return session }
    let made = try open()
    session = made
    return made
  }
}
