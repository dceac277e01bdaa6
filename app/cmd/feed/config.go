package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"newsfeed/app/mysql"
	"newsfeed/app/redis"
)

// config is what the environment says.
type config struct {
	Region  string
	Group   string // of instances, by which figures are told apart
	Address string // host:port to listen on

	// Database and Cache say where the stores are only where a test overrides the
	// secrets.
	Database       mysql.Config
	DatabaseSecret string // ARN
	Cache          redis.Config
	CacheSecret    string // ARN
	SecretsEvery   time.Duration

	QueueURL    string
	MediaBucket string
	Peer        string // URL of the other region; empty: there is none
	DNS         string // name server for Peer
	Drain       time.Duration
}

// environment collects every mistake before it complains.
type environment struct{ errs []error }

func (e *environment) text(key, standard string) string {
	if v := os.Getenv("NEWSFEED_" + key); v != "" {
		return v
	}
	return standard
}

func (e *environment) fault(key, format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf("NEWSFEED_%s: %s", key, fmt.Sprintf(format, args...)))
}

func (e *environment) number(key string, standard, low, high int) int {
	v := e.text(key, "")
	if v == "" {
		return standard
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		e.fault(key, "%q is no number from %d to %d", v, low, high)
	}
	return n
}

func (e *environment) seconds(key string, standard, low int) time.Duration {
	return time.Duration(e.number(key, standard, low, 3600)) * time.Second
}

func (e *environment) choice(key string, values ...string) string {
	v := e.text(key, values[0])
	if !slices.Contains(values, v) {
		e.fault(key, "%q is unknown: use %s", v, strings.Join(values, " or "))
	}
	return v
}

// addresses reads host:port, separated by commas.
func (e *environment) addresses(key string) []string {
	v := e.text(key, "")
	if v == "" {
		return nil
	}
	list := strings.Split(v, ",")
	for _, a := range list {
		if host, port, err := net.SplitHostPort(a); err != nil || host == "" || port == "" {
			e.fault(key, "%q is not host:port", a)
		}
	}
	return list
}

// address reads a URL of scheme and host.
func (e *environment) address(key string) string {
	v := e.text(key, "")
	if v == "" {
		return v
	}
	if u, err := url.Parse(v); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		e.fault(key, "%q is not https://host", v)
	}
	return strings.TrimSuffix(v, "/")
}

// embedded says that nothing is configured: run on memory alone.
func embedded() bool {
	return os.Getenv("NEWSFEED_DATABASE_SECRET") == "" && os.Getenv("NEWSFEED_DATABASE_WRITER") == ""
}

// readConfig reads the environment of a process that belongs to group unless that
// says otherwise; the error names every mistake at once.
func readConfig(group string) (config, error) {
	e := &environment{}
	c := config{
		Region:         e.text("REGION", ""),
		Group:          e.text("GROUP", group),
		Address:        net.JoinHostPort(e.text("ADDRESS", ""), strconv.Itoa(e.number("PORT", 8080, 1, 65535))),
		DatabaseSecret: e.text("DATABASE_SECRET", ""),
		CacheSecret:    e.text("CACHE_SECRET", ""),
		SecretsEvery:   e.seconds("SECRETS_SECONDS", 60, 1),
		QueueURL:       e.text("QUEUE_URL", ""),
		MediaBucket:    e.text("MEDIA_BUCKET", ""),
		Peer:           e.address("PEER_URL"),
		DNS:            e.text("DNS", ""),
		Drain:          e.seconds("DRAIN_SECONDS", 20, 0),
		Database: mysql.Config{
			Readers:           e.addresses("DATABASE_READERS"),
			Name:              e.text("DATABASE_NAME", "newsfeed"),
			User:              e.text("DATABASE_USER", ""),
			Password:          e.text("DATABASE_PASSWORD", ""),
			TLS:               e.choice("DATABASE_TLS", "on", "off") == "on",
			WriterConnections: e.number("DATABASE_WRITER_CONNECTIONS", 16, 1, 1000),
			ReaderConnections: e.number("DATABASE_READER_CONNECTIONS", 16, 1, 1000),
		},
		Cache: redis.Config{Addrs: e.addresses("CACHE"), Token: e.text("CACHE_TOKEN", ""), TLS: e.choice("CACHE_TLS", "on", "off") == "on"},
	}
	switch writer := e.addresses("DATABASE_WRITER"); {
	case len(writer) == 1:
		c.Database.Writer = writer[0]
	case len(writer) > 1:
		e.fault("DATABASE_WRITER", "want one host:port")
	}
	if c.Region == "" {
		e.fault("REGION", "is missing: the AWS region that this process runs in")
	}
	if c.DatabaseSecret == "" && (c.Database.User == "" || c.Database.Writer == "") {
		e.fault("DATABASE_SECRET", "is missing: the ARN of the database's secret")
	}
	return c, errors.Join(e.errs...)
}
