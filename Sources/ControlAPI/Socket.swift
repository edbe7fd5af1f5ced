/// Where the control socket is when nobody says otherwise.
public let defaultSocketPath = "/run/jrun/control.sock"
