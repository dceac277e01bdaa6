package main

import (
	"errors"
	"fmt"
	"net"
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
	Address string // host:port to listen on
	Forward bool   // write through another region's writer

	Database       mysql.Config
	DatabaseSecret string // ARN

	Cache       redis.Config
	CacheSecret string // ARN

	QueueURL    string
	MediaBucket string
	PeerHealth  string
	DNS         string // name server for PeerHealth
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

// embedded says that nothing is configured: run on memory alone.
func embedded() bool { return os.Getenv("NEWSFEED_DATABASE_WRITER") == "" }

// readConfig reads the environment; the error names every mistake at once.
func readConfig() (config, error) {
	e := &environment{}
	c := config{
		Region:         e.text("REGION", ""),
		Address:        net.JoinHostPort(e.text("ADDRESS", ""), strconv.Itoa(e.number("PORT", 8080, 1, 65535))),
		Forward:        e.choice("WRITES", "local", "forward") == "forward",
		DatabaseSecret: e.text("DATABASE_SECRET", ""),
		CacheSecret:    e.text("CACHE_SECRET", ""),
		QueueURL:       e.text("QUEUE_URL", ""),
		MediaBucket:    e.text("MEDIA_BUCKET", ""),
		PeerHealth:     e.text("PEER_HEALTH_URL", ""),
		DNS:            e.text("DNS", ""),
		Drain:          time.Duration(e.number("DRAIN_SECONDS", 20, 0, 3600)) * time.Second,
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
	if writer := e.addresses("DATABASE_WRITER"); len(writer) == 1 {
		c.Database.Writer = writer[0]
	} else {
		e.fault("DATABASE_WRITER", "want one host:port")
	}
	if c.Region == "" {
		e.fault("REGION", "is missing: the AWS region that this process runs in")
	}
	if c.DatabaseSecret == "" && c.Database.User == "" {
		e.fault("DATABASE_SECRET", "is missing: the ARN of the database's secret")
	}
	return c, errors.Join(e.errs...)
}
