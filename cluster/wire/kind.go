package wire

// Kind says what went wrong, for those who have to decide something by it.
type Kind uint8

// The kinds of errors.
const (
	Other        Kind = iota
	Refused           // nothing listens there
	Timeout           // no answer within the deadline
	NameNotFound      // the host name does not resolve
	Unreachable       // no route to the host or network
	Hangup            // the node closed the connection, or the link broke
	Canceled          // this program gave the call up, or closed the Node
	AuthWrong         // WRONGPASS: wrong user or password
	AuthMissing       // NOAUTH: a password is needed
	Protected         // DENIED: protected mode, only loopback may connect
	NoPermission      // NOPERM: the user may not do this
	Loading           // LOADING: it reads its dataset into memory
	NotCluster        // cluster support is disabled
	ClusterDown       // CLUSTERDOWN
	Reply             // any other error reply: MOVED, ASK, BUSYKEY, ERR …; see Error.Code
	Rubbish           // it does not answer as a server does, or without end
	TLSNeeded         // spoken to in plain, the port speaks TLS
	TLSFailed         // the TLS handshake failed
	ReadOnly          // not sent: it may change something, and this side is read-only
)

var kindNames = [...]string{
	Other: "other", Refused: "refused", Timeout: "timeout", NameNotFound: "name not found",
	Unreachable: "unreachable", Hangup: "hangup", Canceled: "canceled", AuthWrong: "wrong password",
	AuthMissing: "password needed", Protected: "protected mode", NoPermission: "no permission",
	Loading: "loading", NotCluster: "not a cluster", ClusterDown: "cluster down", Reply: "error reply",
	Rubbish: "rubbish", TLSNeeded: "needs TLS", TLSFailed: "TLS failed", ReadOnly: "read-only",
}

// String is the kind in a word or two.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "other"
}

// Answered reports whether the node itself answered, with an error reply.
func (k Kind) Answered() bool {
	switch k {
	case AuthWrong, AuthMissing, Protected, NoPermission, Loading, NotCluster, ClusterDown, Reply:
		return true
	}
	return false
}
