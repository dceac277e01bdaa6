package app

import "time"

// The product's limits. Lengths are in characters unless they say bytes.
const (
	MaxFriends       = 5000
	MaxRequests      = 1000 // friend requests that wait for one user
	MaxName          = 40
	MinPassword      = 8
	MaxPassword      = 200 // bytes
	MaxBody          = 5000
	MaxComment       = 1000
	MaxLink          = 2000 // bytes
	MaxMedia         = 10   // per story
	MaxPhotoBytes    = 15 << 20
	MaxVideoBytes    = 200 << 20
	MaxPixels        = 20_000 // of one side
	MaxIdempotency   = 64     // bytes
	DefaultPage      = 20
	MaxPage          = 50
	MaxFriendsPage   = 500
	SessionLife      = 30 * 24 * time.Hour
	IdempotencyLife  = 48 * time.Hour
	FeedCap          = 500 // stories of one feed that the cache holds
	MaxNew           = 100 // new stories that are counted
	SignInsPerMinute = 20  // per name
)

// Rates are how often a minute clients may ask.
type Rates struct {
	Reads, Writes int64 // per session
	SignIns       int64 // per name
}

// StandardRates are far above what people do and far below what hurts.
var StandardRates = Rates{Reads: 600, Writes: 120, SignIns: 20}
