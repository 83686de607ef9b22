%%% mod_isthmus: partitions the hosts on which it runs between ejabberd and an isthmus gateway.
%%%
%%% Users of a served domain without an account here are served by the gateway, an external component (XEP-0114) with any number
%%% of connections. docs/partition-protocol.md defines the protocol (namespace urn:isthmus:partition:0), the README the options.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_opt_type/1, mod_options/1, mod_doc/0]).
-export([disco_local_features/5]).

-include("logger.hrl").
-include("mod_isthmus.hrl").

%% Before other modules: what the guard refuses, nobody sees; what is for a missing user, nobody answers.
-define(PRIORITY, 1).

%% Connections of a component, their guard and their heartbeat must not be divided, so all hosts that name it share one hub.
start(Host, Opts) ->
    Component = gen_mod:get_opt(component, Opts),
    case lists:member(Component, ejabberd_option:hosts()) of
        true ->
            ?CRITICAL_MSG("mod_isthmus on ~ts: component ~ts must be the name of an external component, not of a host", [Host, Component]),
            {error, {bad_component, Component}};
        false ->
            hook(),
            ejabberd_hooks:add(disco_local_features, Host, ?MODULE, disco_local_features, ?PRIORITY),
            mod_isthmus_capabilities:hook(Host),
            mod_isthmus_config:add_domain(Host, Component),
            start_hub(Component, Opts)
    end.

stop(Host) ->
    Component = mod_isthmus_config:component_of(Host),
    mod_isthmus_config:remove_domain(Host),
    ejabberd_hooks:delete(disco_local_features, Host, ?MODULE, disco_local_features, ?PRIORITY),
    mod_isthmus_capabilities:unhook(Host),
    case mod_isthmus_config:domains(Component) of
        [] -> gen_mod:stop_child(mod_isthmus_hub, Component);
        _ -> ok
    end.

%% The connections and all that they have been given stay, unless the component is another one.
reload(Host, NewOpts, OldOpts) ->
    case {gen_mod:get_opt(component, NewOpts), gen_mod:get_opt(component, OldOpts)} of
        {Component, Component} ->
            mod_isthmus_hub:set_options(Component, maps:from_list(maps:to_list(NewOpts)));
        _ ->
            stop(Host),
            start(Host, NewOpts)
    end.

depends(_Host, _Opts) ->
    [{mod_roster, soft}, {mod_disco, soft}].

%% Times are in seconds and may have a fraction, or have a unit as elsewhere in ejabberd.
mod_opt_type(component) ->
    econf:domain();
mod_opt_type(Option) when Option =:= ping_interval; Option =:= ping_deadline; Option =:= grace_period; Option =:= request_lifetime;
                          Option =:= pair_lifetime ->
    econf:either(econf:timeout(second), econf:and_then(econf:number(0.001), fun(Seconds) -> round(Seconds * 1000) end));
mod_opt_type(Option) when Option =:= request_limit; Option =:= pair_limit; Option =:= contact_limit; Option =:= connection_limit;
                          Option =:= unhandled_limit; Option =:= unhandled_bytes ->
    econf:pos_int().

%% An option without a default is required.
mod_options(_Host) ->
    [component,
     {ping_interval, timer:seconds(1)},
     {ping_deadline, timer:seconds(2)},
     {grace_period, timer:seconds(5)},
     {request_lifetime, timer:seconds(120)},
     {request_limit, 10000},
     {pair_lifetime, timer:seconds(30)},
     {pair_limit, 100000},
     {contact_limit, 100000},
     {connection_limit, 64},
     {unhandled_limit, 10000},
     {unhandled_bytes, 64 * 1024 * 1024}].

mod_doc() ->
    #{desc => <<"Partitions a domain between this server and an isthmus gateway; see plugins/ejabberd/README.md of isthmus.">>}.

%% Announces the protocol in the disco#info of the domain itself.
disco_local_features({error, _} = Error, _From, _To, _Node, _Lang) -> Error;
disco_local_features({result, Features}, _From, _To, <<>>, _Lang) -> {result, [?NS_PARTITION | Features]};
disco_local_features(empty, _From, _To, <<>>, _Lang) -> {result, [?NS_PARTITION]};
disco_local_features(Features, _From, _To, _Node, _Lang) -> Features.

%% Hooks of the whole server, made once and never removed: see mod_isthmus_guard.
hook() ->
    ejabberd_hooks:add(component_init, mod_isthmus_guard, component_init, ?PRIORITY),
    ejabberd_hooks:add(component_connected, mod_isthmus_guard, component_connected, ?PRIORITY),
    ejabberd_hooks:add(component_send_packet, mod_isthmus_guard, component_send_packet, ?PRIORITY),
    ejabberd_hooks:add(filter_packet, mod_isthmus_route, filter_packet, ?PRIORITY),
    ejabberd_hooks:add(filter_packet, mod_isthmus_blocking, filter_packet, ?PRIORITY).

start_hub(Component, Opts) ->
    case mod_isthmus_config:hub(Component) of
        undefined -> gen_mod:start_child(mod_isthmus_hub, Component, Opts);
        #{name := Name} -> {ok, whereis(Name)}
    end.
