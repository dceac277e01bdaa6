package serve

import (
	"net/netip"
	"path/filepath"
	"time"
)

// Config says where the local cloud keeps its files and what it listens on.
type Config struct {
	Dir string // of the local cloud; everything it writes is below

	FrontDoor string // host:port where a user on the internet comes in
	DNS       netip.AddrPort
	AWS       string            // host:port of the AWS endpoints
	Domain    string            // that the front door opens to
	Zones     map[string]string // hosted zones that the program finds: name by id

	Pace float64 // seconds of AWS in a second here, for what takes AWS minutes; 0 is clock.DefaultPace
}

// The directories below Config.Dir.
func (c Config) cloud() string { return filepath.Join(c.Dir, "cloud") }

// LogDir holds the logs, which stay when everything else goes.
func (c Config) LogDir() string { return filepath.Join(c.Dir, "log") }

// Info is how to reach a running local cloud; it is kept in a file.
type Info struct {
	PID      int       `json:"pid"`
	Start    string    `json:"start"`    // the kernel's start time of PID
	Control  string    `json:"control"`  // host:port
	Provider int       `json:"provider"` // port on 127.0.0.1, for PULUMI_DEBUG_PROVIDERS
	URL      string    `json:"url"`      // of the front door
	Since    time.Time `json:"since"`
}

func (c Config) infoFile() string { return filepath.Join(c.cloud(), "serve.json") }
