export * from './address';
export * from './fault';
export * from './idna';
export * from './message';
export * from './policy';
export * from './presence';
export * from './result';
export * from './route';
