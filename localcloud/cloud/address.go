package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
)

const subnetType = "aws:ec2/subnet:Subnet"

// firstHost is the first host number given out in a subnet; AWS keeps the
// first few of each for itself.
const firstHost = 10

// Addresses gives every instance, database and balancer a loopback address of
// its own. A VPC keeps its shape: 10.20.0.0/16 becomes 127.20.0.0/16.
// Leases are recorded, so that a restart gives the same addresses.
type Addresses struct {
	store *Store
	path  string

	mu     sync.Mutex
	leases map[string]netip.Addr // owner -> address
}

// OpenAddresses reads the leases under dir, which must exist.
func OpenAddresses(dir string, store *Store) (*Addresses, error) {
	a := &Addresses{store: store, path: filepath.Join(dir, "addresses.json"), leases: map[string]netip.Addr{}}
	raw, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &a.leases); err != nil {
		return nil, fmt.Errorf("record %s is corrupt: %w; it was left as it is: "+
			"restore it, or start afresh with 'localcloud down --force'", a.path, err)
	}
	return a, nil
}

// Lease returns the address of owner in the subnet, the same one each time
// until Release.
func (a *Addresses) Lease(region, subnetID, owner string) (netip.Addr, error) {
	subnet := a.store.Get(region, subnetType, subnetID)
	if subnet == nil {
		return netip.Addr{}, fmt.Errorf("address for %s: no subnet %s in %s", owner, subnetID, region)
	}
	prefix, err := Loopback(subnet.String("cidrBlock"))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("address for %s: subnet %s: %w", owner, subnetID, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if addr, ok := a.leases[owner]; ok {
		return addr, nil
	}
	taken := map[netip.Addr]bool{}
	for _, addr := range a.leases {
		taken[addr] = true
	}
	addr := prefix.Addr()
	for n := 0; prefix.Contains(addr); n, addr = n+1, addr.Next() {
		if n >= firstHost && !taken[addr] {
			a.leases[owner] = addr
			return addr, a.save()
		}
	}
	return netip.Addr{}, fmt.Errorf("address for %s: subnet %s (%s) is full", owner, subnetID, prefix)
}

// Release gives back the address of owner, if it has one.
func (a *Addresses) Release(owner string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.leases[owner]; !ok {
		return nil
	}
	delete(a.leases, owner)
	return a.save()
}

func (a *Addresses) save() error {
	raw, err := json.MarshalIndent(a.leases, "", " ")
	if err != nil {
		return err
	}
	return WriteFile(a.path, raw)
}

// Loopback translates a CIDR block of a VPC to the loopback block that stands
// for it: the same block with 127 for its first octet.
func Loopback(cidr string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Prefix{}, err
	}
	if !p.Addr().Is4() || p.Bits() < 16 {
		return netip.Prefix{}, fmt.Errorf("CIDR block %s: the local cloud needs IPv4 and /16 or smaller", cidr)
	}
	b := p.Addr().As4()
	b[0] = 127
	return netip.PrefixFrom(netip.AddrFrom4(b), p.Bits()).Masked(), nil
}
