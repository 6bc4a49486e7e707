import { useEffect, useState } from 'preact/hooks';
import { request } from '../lib/api.js';
import { report } from '../lib/notices.js';

/** An image of the server: fetched, for an address alone could not bring a key. */
export function ServerImage({ path, alt }: { readonly path: string; readonly alt: string }) {
  const url = useObjectUrl(path);
  return url === undefined ? (
    <div class="image-waiting" aria-hidden="true" />
  ) : (
    <img class="pixels" src={url} alt={alt} />
  );
}

/** An address for what lies at a path of the server, for as long as it is shown. */
export function useObjectUrl(path: string | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (path === undefined) {
      setUrl(undefined);
      return;
    }
    const abort = new AbortController();
    let made: string | undefined;
    request(path, { signal: abort.signal })
      .then((response) => response.blob())
      .then((blob) => {
        if (abort.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch(report);
    return () => {
      abort.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [path]);
  return url;
}
