import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installed, spawnBound, which } from '../../../packages/store-redis/test-kit/redis-server.mjs'

const START_LIMIT_MS = 5_000

/** Starts nginx in front of the nodes; it ends with this process at the latest. Resolves when it answers. */
export async function startNginx(directory, port, nodes) {
  mkdirSync(directory)
  const file = join(directory, 'nginx.conf')
  writeFileSync(file, configure(directory, port, nodes))
  const program = which('nginx') ?? installed('nginx', 'nginx')
  const child = spawnBound(program, ['-p', directory, '-c', file, '-e', 'stderr'])
  let errors = ''
  child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-1_000)))
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`nginx did not start: ${errors}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return child
}

async function answers(port) {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}

/**
 * What to take from here for a configuration of your own: HTTP/1.1 and kept connections to the nodes; the cache obeys
 * what the nodes say in Cache-Control, and readers of the same thing at the same time share one request; what is live
 * is passed on unbuffered.
 */
function configure(directory, port, nodes) {
  const servers = nodes.map((node) => `    server ${node} max_fails=1 fail_timeout=2s;`).join('\n')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${directory}/${name};`)
    .join('\n')
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
${temporary}
  proxy_cache_path ${directory}/cache levels=1:2 keys_zone=streams:10m max_size=1g inactive=10m use_temp_path=off;
  upstream nodes {
${servers}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 64m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_next_upstream error timeout http_502;
    add_header X-Node $upstream_addr always;
    add_header X-Cache $upstream_cache_status always;

    location / {
      if ($arg_live = sse) { return 418; }
      error_page 418 = @sse;
      proxy_pass http://nodes;
      proxy_cache streams;
      proxy_cache_lock on;
      proxy_cache_revalidate on;
      proxy_read_timeout 90s;
    }
    location @sse {
      proxy_pass http://nodes;
      proxy_buffering off;
      proxy_read_timeout 90s;
    }
  }
}
`
}
