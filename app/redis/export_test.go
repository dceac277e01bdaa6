package redis

// FeedKey is the key of a user's feed.
var FeedKey = feedKey
