// Package metrics writes figures as CloudWatch embedded metric format: one JSON
// line a minute on standard output, which the log agent turns into metrics of
// the namespace NewsFeed, with the dimensions Region and Group.
package metrics
