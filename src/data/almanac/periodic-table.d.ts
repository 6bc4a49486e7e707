declare module 'periodic-table' {
  interface PeriodicTableElement {
    atomicNumber: number;
    symbol: string;
    name: string;
    groupBlock: string;
  }
  const table: { all(): readonly PeriodicTableElement[] };
  export default table;
}
