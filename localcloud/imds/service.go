package imds

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"newsfeed/localcloud/iam"
	"newsfeed/localcloud/process"
)

// Port is that of each instance's listener.
const Port = 1338

// Account is what the service needs of IAM: *iam.Account.
type Account interface {
	Role(profile string) (arn string, err error)
	Credentials(roleARN, service, session string) (iam.Credentials, error)
}

// Service is the metadata services of all instances.
type Service struct {
	account Account
	number  string // of the account
}

// New returns a service for instances of the account with that number.
func New(account Account, number string) *Service { return &Service{account, number} }

// Open starts the metadata service of an instance at its address, and returns the
// environment that leads its processes there. Profile is the ARN or the name of
// its instance profile, or "". The caller ends it with the instance.
func (s *Service) Open(region, id string, addr netip.Addr, profile string) (env []string, end func(), err error) {
	i := &instance{account: s.account, number: s.number, region: region, id: id, addr: addr}
	if profile != "" {
		if i.role, err = s.account.Role(profile); err != nil {
			return nil, nil, fmt.Errorf("instance %s: %w", id, err)
		}
	}
	rand.Read(i.secret[:])
	l, err := process.Listen(netip.AddrPortFrom(addr, Port).String())
	if err != nil {
		return nil, nil, fmt.Errorf("metadata service of %s: %w", id, err)
	}
	server := &http.Server{Handler: i.handler(), ReadHeaderTimeout: 5 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(l) })
	end = func() {
		server.Close()
		serving.Wait()
	}
	return []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + l.Addr().String()}, end, nil
}
