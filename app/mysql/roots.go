package mysql

import (
	"crypto/x509"
	_ "embed" // the roots below
	"sync"
)

// rdsRoots are the certificates that sign those of RDS in our regions, as AWS
// publishes them: an instance that starts while a region is being lost waits for
// nothing outside to trust its database.
//
//go:embed rds.pem
var rdsRoots []byte

// roots are the system's certificates (SSL_CERT_FILE names others) and RDS's.
var roots = sync.OnceValue(func() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // no system certificates: RDS's own are enough
	}
	pool.AppendCertsFromPEM(rdsRoots)
	return pool
})
