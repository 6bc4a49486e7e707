/** Line drawings on a grid of 24. */
const paths = {
  runs: 'M3 17l5-6 4 3 5-8 4 5M3 21h18',
  chat: 'M4 5h16v11H10l-5 4v-4H4z',
  label: 'M4 6h10M4 12h7M4 18h5M14 16l2.5 2.5L21 13',
  images: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01',
  lineage: 'M6 4v6a4 4 0 004 4h4a4 4 0 014 4v2M6 10v10M6 4h.01M18 20h.01',
  sun: 'M12 7a5 5 0 100 10 5 5 0 000-10zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1 1M18 18l1 1M19 5l-1 1M6 18l-1 1',
  moon: 'M20 14a8 8 0 01-10-10 8 8 0 1010 10z',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  stop: 'M7 7h10v10H7z',
  play: 'M8 5l11 7-11 7z',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12l5 5 9-10',
  copy: 'M9 9h11v11H9zM5 15V4h11',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  again: 'M4 12a8 8 0 0114-5l2 2M20 4v5h-5M20 12a8 8 0 01-14 5l-2-2M4 20v-5h5',
  up: 'M7 10v10H4V10zM7 10l4-7c2 0 3 1 2 4l-1 3h7l-2 10H7',
  down: 'M17 14V4h3v10zM17 14l-4 7c-2 0-3-1-2-4l1-3H5L7 4h10',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  rise: 'M12 19V5M6 11l6-6 6 6',
  sink: 'M12 5v14M6 13l6 6 6-6',
  tie: 'M5 9h14M5 15h14',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 5v4M6 15v4',
  tokens: 'M4 7h6v4H4zM14 7h6v4h-6zM4 14h10v4H4zM18 14h2v4h-2z',
  columns: 'M4 5h7v14H4zM13 5h7v14h-7z',
  arena: 'M12 3v18M5 8l-3 6h6zM19 8l-3 6h6zM4 8h16M8 21h8',
  star: 'M12 3l2.7 5.8 6.3.8-4.6 4.3 1.2 6.2L12 17l-5.6 3.1 1.2-6.2L3 9.6l6.3-.8z',
  send: 'M4 12l16-8-5 16-4-6z',
  undo: 'M9 7l-5 5 5 5M4 12h10a6 6 0 010 12',
  warning: 'M12 4l9 16H3zM12 10v5M12 18h.01',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M6 9c6 0 5 7 9 10s6 4 11 4"
        fill="none"
        stroke="var(--on-accent)"
        stroke-width="2.6"
        stroke-linecap="round"
      />
      <circle cx="26" cy="23" r="2.6" fill="var(--on-accent)" />
    </svg>
  );
}
