import 'uplot/dist/uPlot.min.css';
import './style/tokens.css';
import './style/base.css';
import './style/components.css';
import './style/pages.css';
import { render } from 'preact';
import { App } from './app.js';

render(<App />, document.getElementById('studio')!);
