import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { words } from '../i18n/index.js';
import { Icon, type IconName } from './icon.js';

/** The small parts that every page is made of. */

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'icon' | 'size'> & {
  readonly kind?: 'primary' | 'plain' | 'danger';
  readonly icon?: IconName;
  readonly small?: boolean;
  /** Names the button where it shows an icon alone. */
  readonly name?: string;
  readonly children?: ComponentChildren;
};

const classOf = (kind: string | undefined, isSmall: boolean | undefined, isRound: boolean): string =>
  ['button', kind, isSmall ? 'small' : '', isRound ? 'round' : ''].filter(Boolean).join(' ');

export function Button({ kind, icon, small, name, children, ...rest }: ButtonProps) {
  const isRound = children === undefined;
  return (
    <button
      type="button"
      {...rest}
      class={classOf(kind, small, isRound)}
      {...(name !== undefined && { 'aria-label': name, title: name })}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export function LinkButton({
  href,
  kind,
  icon,
  small,
  children,
}: Pick<ButtonProps, 'kind' | 'icon' | 'small' | 'children'> & { readonly href: string }) {
  return (
    <a class={classOf(kind, small, false)} href={href}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly children: ComponentChildren;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  );
}

export function Check({
  checked,
  onChange,
  children,
  hint,
}: {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: ComponentChildren;
  readonly hint?: string;
}) {
  return (
    <label class="check" title={hint}>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {children}
    </label>
  );
}

export function Select<Value extends string>({
  value,
  options,
  onChange,
  label,
  narrow,
}: {
  readonly value: Value;
  readonly options: readonly (Value | readonly [value: Value, text: string])[];
  readonly onChange: (value: Value) => void;
  /** Where no field around it names it. */
  readonly label?: string;
  readonly narrow?: boolean;
}) {
  return (
    <select
      class={narrow ? 'select narrow' : 'select'}
      value={value}
      aria-label={label}
      onChange={(event) => onChange(event.currentTarget.value as Value)}
    >
      {options.map((option) => {
        const [name, text] = typeof option === 'string' ? [option, option] : option;
        return (
          <option key={name} value={name}>
            {text}
          </option>
        );
      })}
    </select>
  );
}

/** Narrows what is shown beside it. */
export function SearchBox({
  label,
  value,
  onInput,
  narrow,
}: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
  readonly narrow?: boolean;
}) {
  return (
    <input
      class={narrow ? 'input narrow' : 'input'}
      type="search"
      placeholder={label}
      aria-label={label}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

export function Empty({
  icon,
  title,
  text,
  children,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly text?: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children}
    </div>
  );
}

export function Progress({ share, label }: { readonly share: number; readonly label: string }) {
  const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
  return (
    <div
      class="progress"
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

export function Tabs<Name extends string>({
  label,
  tabs,
  selected,
  onSelect,
}: {
  readonly label: string;
  readonly tabs: readonly (readonly [name: Name, text: string])[];
  readonly selected: Name;
  readonly onSelect: (name: Name) => void;
}) {
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex(([name]) => name === selected);
    const [next] = tabs[(at + step + tabs.length) % tabs.length]!;
    onSelect(next);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(([name, text]) => (
        <button
          key={name}
          type="button"
          role="tab"
          data-tab={name}
          aria-selected={name === selected}
          tabIndex={name === selected ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current!;
    shown.showModal();
    return () => shown.close();
  }, []);
  return (
    <dialog ref={dialog} aria-label={title} onCancel={onClose} onClose={onClose}>
      <div class="stack wide">
        <div class="row between">
          <h2>{title}</h2>
          <Button kind="plain" icon="close" small name={words.value.app.close} onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  );
}

export function PageHead({
  title,
  lead,
  back,
  children,
}: {
  readonly title: ComponentChildren;
  readonly lead?: ComponentChildren;
  readonly back?: { readonly href: string; readonly text: string };
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="page-head">
      <div>
        {back && (
          <a class="crumb" href={back.href}>
            <Icon name="left" />
            {back.text}
          </a>
        )}
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
      </div>
      {children && <div class="row">{children}</div>}
    </header>
  );
}
