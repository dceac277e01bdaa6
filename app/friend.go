package app

// FriendRequest is a request that waits for its receiver's answer.
type FriendRequest struct {
	From User `json:"from"`
}

// Lease is the one row that says which region writes. Every change raises the
// epoch; the higher epoch is right.
type Lease struct {
	Epoch  int64
	Writer string
}
