package route53

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/miekg/dns"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

const (
	recordType      = "aws:route53/record:Record"
	healthCheckType = "aws:route53/healthCheck:HealthCheck"
	zoneType        = "aws:route53/zone:Zone"
)

// Balancers is what an alias to a load balancer stands for.
type Balancers interface {
	// Addresses returns nothing when there is no such balancer.
	Addresses(dnsName string) []netip.Addr
	// HealthyBehind is what evaluateTargetHealth evaluates.
	HealthyBehind(dnsName string) bool
}

// DefaultClientRegion is where the users of newsfeed are.
const DefaultClientRegion = "ap-northeast-2"

// Service is Route 53, which is global: one for all regions. Its methods are
// safe for concurrent use.
type Service struct {
	store        *cloud.Store
	balancers    Balancers
	clientRegion string
	address      netip.AddrPort
	servers      []*dns.Server
	ctx          context.Context // ends at Close
	end          context.CancelFunc
	probes       sync.WaitGroup

	mu      sync.RWMutex
	zones   map[string]string  // id -> canonical name, of those declared
	records map[string]*record // by region and id
	applied int                // numbers the records in the order they came
	checks  map[string]*healthCheck
}

// Start serves DNS on address, a loopback address and port (0: any free one).
// clientRegion is where latency records suppose the client to be; empty means
// DefaultClientRegion.
func Start(store *cloud.Store, balancers Balancers, address netip.AddrPort, clientRegion string) (*Service, error) {
	if clientRegion == "" {
		clientRegion = DefaultClientRegion
	}
	tcp, err := process.Listen(address.String())
	if err != nil {
		return nil, err
	}
	address = tcp.Addr().(*net.TCPAddr).AddrPort()
	udp, err := net.ListenPacket("udp", address.String())
	if err != nil {
		tcp.Close()
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Service{
		store: store, balancers: balancers, clientRegion: clientRegion, address: address, ctx: ctx, end: end,
		zones: map[string]string{}, records: map[string]*record{}, checks: map[string]*healthCheck{},
	}
	for _, server := range []*dns.Server{{Listener: tcp}, {PacketConn: udp}} {
		started := make(chan struct{})
		server.Handler, server.NotifyStartedFunc = s, func() { close(started) }
		s.servers = append(s.servers, server)
		go server.ActivateAndServe()
		<-started // Shutdown of a server that hasn't started does nothing
	}
	return s, nil
}

// Address is where DNS is served.
func (s *Service) Address() netip.AddrPort { return s.address }

// Close ends the server and the health checks. Records stay in the store.
func (s *Service) Close() {
	s.end()
	for _, server := range s.servers {
		server.Shutdown()
	}
	s.probes.Wait()
}

// Bodies returns what gives the resource types of this service their life.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{recordType: records{s}, healthCheckType: healthChecks{s}, zoneType: zones{s}}
}
